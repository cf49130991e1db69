// Content hashes that the template carries: a changed table definition makes CloudFormation call the migration again,
// a changed job gets a folder and a changed shim an image tag of its own, so that a run names the version it used.
// CommonJS because osls requires it.
const { join } = require("node:path");
const { hashFiles, listFiles } = require("../scripts/file-hash.ts");

const root = join(__dirname, "..");
/** 12 hex digits: no two versions of one repository will ever share them, and a person can still read them out. */
const short = (files) => hashFiles(root, files).slice(0, 12);
const spark = listFiles(join(root, "spark"));

// Named queries are in no bundle and make no table: a better one must not start anything anew.
const schemas = listFiles(join(root, "schemas")).filter((file) => !file.includes(join("schemas", "queries")));
const bundled = [...["shim", "lib", "package-lock.json"].flatMap((entry) => listFiles(join(root, entry))), ...schemas];

module.exports = {
  shim: short(bundled),
  jobs: short([...spark, ...listFiles(join(root, "schemas", "rules"))]),
  schema: short([...schemas, ...spark.filter((file) => file.endsWith("table.sql"))]),
};
