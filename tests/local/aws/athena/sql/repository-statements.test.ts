import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { parseStatement } from "../../../../../local/aws/athena/sql/parse.ts";

/** The tables of bronze, ops and dq_audit, and those that Spark fills: one dialect for all. */
const schemaFiles = readdirSync("schemas/tables")
  .filter((name) => name.endsWith(".sql"))
  .map((name) => ({ path: `schemas/tables/${name}`, name: name.replace(".sql", "") }));
const sparkFiles = ["silver", "gold"].flatMap((layer) =>
  (existsSync(`spark/${layer}`) ? readdirSync(`spark/${layer}`) : [])
    .map((table) => ({ path: `spark/${layer}/${table}/table.sql`, name: `${layer}.${table}` }))
    .filter(({ path }) => existsSync(path)),
);

/** Values for the `${placeholders}` of the schema files. */
const filled = (text: string): string =>
  text.replaceAll(/\$\{([a-z_]+)\}/g, (_all, name: string) =>
    name.includes("bucket") ? "wikilake-local-lake" : "wikilake_local",
  );

test.each([...schemaFiles, ...sparkFiles])("$name is a table that Athena would make", ({ path, name }) => {
  const { plan, uses } = parseStatement(filled(readFileSync(path, "utf8")), undefined);
  const [layer = "", table = ""] = name.split(".");
  expect(plan.kind).toBe("create-table");
  expect(uses).toEqual([{ database: `wikilake_local_${layer}`, table, access: "create" }]);
});
