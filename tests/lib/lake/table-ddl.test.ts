// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the DDL's own placeholders
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { readDdlFiles } from "../../../handlers/migrate/ddl-files.ts";
import { LakeError } from "../../../lib/lake/errors.ts";
import { addColumnsSql, existingColumnsSql, parseTableDdl } from "../../../lib/lake/table-ddl.ts";

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
