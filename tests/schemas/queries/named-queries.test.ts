import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { cookbookPage } from "../../../schemas/queries/cookbook.ts";
import { parseNamedQuery, readNamedQueries } from "../../../schemas/queries/named-query.ts";

const root = join(import.meta.dirname, "../../..");
const queries = readNamedQueries();
const layers = ["bronze", "silver", "gold", "live", "dq_audit", "ops"];
const namesIn = (folder: string): string[] => (existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : []);
const known = new Set([
  ...["schemas/tables", "schemas/views"].flatMap((folder) =>
    namesIn(folder).flatMap((file) => (file.endsWith(".sql") ? [file.replace(/\.sql$/, "")] : [])),
  ),
  ...["silver", "gold"].flatMap((layer) =>
    namesIn(`spark/${layer}`)
      .filter((table) => existsSync(join(root, "spark", layer, table, "table.sql")))
      .map((table) => `${layer}.${table}`),
  ),
]);

/** `layer.table`, a metadata table counted as its own. */
const tablesOf = (sql: string): string[] =>
  [...sql.matchAll(/\b(?:FROM|JOIN) (bronze|silver|gold|live|dq_audit|ops)\."?([a-z0-9_]+)/g)].map(
    ([, layer, table]) => `${layer}.${table}`,
  );

describe("the cookbook", () => {
  test("has at least twenty queries, and some for every layer", () => {
    expect(queries.length).toBeGreaterThanOrEqual(20);
    const asked = new Set(queries.flatMap(({ sql }) => tablesOf(sql)).map((name) => name.split(".")[0]));
    expect([...asked].sort()).toEqual([...layers].sort());
  });

  test("is written from the queries: node scripts/write-cookbook.ts", () => {
    const page = cookbookPage(queries);
    expect(readFileSync(join(root, "docs/cookbook.md"), "utf8")).toBe(page);
    // A query whose first word is no layer would be in the template and not on the page.
    expect(queries.filter(({ name }) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test("answers each question once", () => {
    expect(new Set(queries.map(({ question }) => question)).size).toBe(queries.length);
  });
});

describe.each(queries.map((query) => [query.name, query] as const))("%s", (_, { sql, columns }) => {
  test("names tables and views that the lake has", () => {
    expect(tablesOf(sql).length).toBeGreaterThan(0);
    expect(tablesOf(sql).filter((table) => !known.has(table))).toEqual([]);
  });

  test("only reads, in one statement", () => {
    expect(sql).toMatch(/^(SELECT|WITH)\s/);
    expect(sql).not.toContain(";");
    expect(sql).not.toMatch(/SELECT \*/);
  });

  test("explains each column once", () => {
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
  });
});

describe("a file that is no named query", () => {
  test.each([
    ["-- a statement\n--\n-- a: b\nSELECT 1 AS a", "begins with no question"],
    ["SELECT 1", "begins with no question"],
    ["-- What is it?\n--\nSELECT 1 AS a", "says of no column what it means"],
    ["-- What is it?\n--\n-- A column\nSELECT 1 AS a", "not a column: A column"],
  ])("is refused by name: %j", (text, reason) => {
    expect(() => parseNamedQuery("x", text)).toThrow(`x.sql: ${reason}`);
  });
});

describe("every table of the lake", () => {
  const files = [
    ...namesIn("schemas/tables")
      .filter((file) => file.endsWith(".sql"))
      .map((file) => `schemas/tables/${file}`),
    ...["silver", "gold"].flatMap((layer) =>
      namesIn(`spark/${layer}`).map((table) => `spark/${layer}/${table}/table.sql`),
    ),
    ...namesIn("schemas/views").map((file) => `schemas/views/${file}`),
  ].filter((file) => existsSync(join(root, file)));

  test.each(files)("%s says what it holds", (file) => {
    expect(readFileSync(join(root, file), "utf8")).toMatch(/^-- \S.{20,}/);
  });

  test.each(files.filter((file) => !file.includes("views")))("%s describes each column in the catalogue", (file) => {
    const [, body = ""] = /\(\n([\s\S]*?)\n\)/.exec(readFileSync(join(root, file), "utf8")) ?? [];
    const bare = body.split("\n").filter((line) => !/^ {2}`?[a-z_0-9]+`? [a-z]+ COMMENT '[^']{3,255}',?$/.test(line));
    expect(bare).toEqual([]);
  });
});
