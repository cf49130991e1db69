// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the DDL's own placeholders
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readDdlFiles, readViewFiles } from "../../../handlers/migrate/ddl-files.ts";
import { LakeError } from "../../../lib/lake/errors.ts";
import { addColumnsSql, existingColumnsSql, parseTableDdl, parseViewDdl } from "../../../lib/lake/table-ddl.ts";
import { parseStatement } from "../../../local/aws/athena/sql/parse.ts";

const values = { database_prefix: "wikilake_test", lake_bucket: "lake" };
const head = "CREATE TABLE IF NOT EXISTS ${database_prefix}_bronze.t (";
const ddl = (...columns: string[]): string =>
  `-- why\n${head}\n${columns.join(",\n")}\n)\nLOCATION 's3://$\{lake_bucket}/t/'\n`;
const parse = (text: string) => parseTableDdl(text, values, "t.sql");

describe("a table's DDL", () => {
  test("is filled in, freed of comments and understood", () => {
    const table = parse(ddl("  id string COMMENT 'the key'", "  `user` bigint COMMENT ''"));
    expect(table).toMatchObject({ database: "wikilake_test_bronze", table: "t" });
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual([
      ["id", "string"],
      ["user", "bigint"],
    ]);
    expect(table.createSql).toMatch(/^CREATE TABLE IF NOT EXISTS wikilake_test_bronze\.t \(/);
    expect(table.createSql).toContain("LOCATION 's3://lake/t/'");
  });

  test.each([
    ["another statement", "DROP TABLE x"],
    ["an unknown placeholder", ddl("  id string COMMENT '${what}'")],
    ["a line that is no column", ddl("  id string COMMENT 'a'", "  PRIMARY KEY (id)")],
    ["a column in disguise", ddl("  id string) LOCATION 's3://elsewhere/' COMMENT 'a'")],
  ])("is refused as %s", (_, text) => {
    expect(() => parse(text)).toThrow(LakeError);
  });

  test("adds the columns that a table lacks, and asks for nothing when it has them all", () => {
    const table = parse(ddl("  id string COMMENT 'the key'", "  `user` string COMMENT 'who'"));
    expect(addColumnsSql(table, new Set(["id", "user", "old"]))).toBeUndefined();
    expect(addColumnsSql(table, new Set(["id"]))).toBe(
      "ALTER TABLE wikilake_test_bronze.t ADD COLUMNS (`user` string COMMENT 'who')",
    );
    expect(existingColumnsSql(table)).toBe("SHOW COLUMNS IN wikilake_test_bronze.t");
  });

  test("of every table in the repository is understood, Spark's too", () => {
    const files = readDdlFiles(join(import.meta.dirname, "../../.."));
    const names = files.map(({ file, text }) => {
      const { database, table } = parseTableDdl(text, values, file);
      return `${database}.${table}`;
    });
    expect(names).toContain("wikilake_test_bronze.raw_events");
    expect(names).toContain("wikilake_test_silver.cleaned_events");
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("a view's file", () => {
  const parseView = (text: string) => parseViewDdl(text, values, "v.sql");

  test("is filled in, freed of comments and understood", () => {
    expect(parseView("-- why\nCREATE OR REPLACE VIEW ${database_prefix}_live.v AS\nSELECT 1 AS one\n")).toEqual({
      database: "wikilake_test_live",
      view: "v",
      createSql: "CREATE OR REPLACE VIEW wikilake_test_live.v AS\nSELECT 1 AS one",
    });
  });

  test.each([
    ["a table", ddl("  id string COMMENT 'a'")],
    ["a view that may exist already", "CREATE VIEW ${database_prefix}_live.v AS\nSELECT 1"],
    ["two statements", "CREATE OR REPLACE VIEW ${database_prefix}_live.v AS\nSELECT 1; DROP VIEW x"],
    ["no query", "CREATE OR REPLACE VIEW ${database_prefix}_live.v AS\nDROP"],
  ])("is refused as %s", (_, text) => {
    expect(() => parseView(text)).toThrow(LakeError);
  });

  const files = readViewFiles(join(import.meta.dirname, "../../.."));
  const tables = readDdlFiles(join(import.meta.dirname, "../../..")).map(({ file, text }) => {
    const { database, table } = parseTableDdl(text, values, file);
    return `${database}.${table}`;
  });

  test.each(files)("$file makes the view of its name, says what it shows, and reads tables only", ({ file, text }) => {
    const { database, view, createSql } = parseView(text);
    expect(file).toBe(`schemas/views/${database.replace("wikilake_test_", "")}.${view}.sql`);
    expect(text).toMatch(/^-- /);
    const uses = parseStatement(createSql, undefined).uses.filter(({ access }) => access === "read");
    expect(uses.length).toBeGreaterThan(0);
    // Views are made in any order: one that reads another could come first.
    for (const use of uses) expect(tables).toContain(`${use.database}.${use.table.replace("$partitions", "")}`);
  });
});
