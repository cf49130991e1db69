import { describe, expect, test } from "@jest/globals";
import { engineName, type TableName } from "../../../../../local/aws/athena/sql/names.ts";
import { parseStatement } from "../../../../../local/aws/athena/sql/parse.ts";
import { engineStatements } from "../../../../../local/aws/athena/sql/translate.ts";

/** Tables of database `st` are external, all others Iceberg. */
const catalog = {
  nameOf: (table: TableName) => engineName(table.database === "st" ? "staging" : "lake", table),
  propertiesOf: (table: TableName): Record<string, string> =>
    table.table === "kept" ? { vacuum_max_snapshot_age_seconds: "36000" } : {},
};

const translate = (sql: string, database: string | undefined = "db"): string =>
  (engineStatements(parseStatement(sql, database).plan, catalog) ?? []).join("; ");

const uses = (sql: string): string[] =>
  parseStatement(sql, "db").uses.map(({ database, table, access }) => `${access} ${database}.${table}`);

const iceberg = `LOCATION 's3://lake/bronze/t/' TBLPROPERTIES ('table_type'='ICEBERG')`;
const withText = `WITH (format = 'PARQUET', format_version = 2, location = 's3://lake/bronze/t'`;

describe("queries name the engine's catalogs", () => {
  test.each([
    ["SELECT * FROM t", 'SELECT * FROM "lake"."db"."t"'],
    ["SELECT 1", "SELECT 1"],
    ["select * from other.t;", 'select * from "lake"."other"."t"'],
    ['SELECT * FROM "other"."T"', 'SELECT * FROM "lake"."other"."t"'],
    ["SELECT * FROM AwsDataCatalog.other.t", 'SELECT * FROM "lake"."other"."t"'],
    ['SELECT * FROM "AwsDataCatalog"."other"."t" x', 'SELECT * FROM "lake"."other"."t" x'],
    ["SELECT * FROM st.raw WHERE batch = 'FROM t'", `SELECT * FROM "staging"."st"."raw" WHERE batch = 'FROM t'`],
    [
      "SELECT * FROM a, st.b AS b, c JOIN d ON c.x = d.x, e",
      'SELECT * FROM "lake"."db"."a", "staging"."st"."b" AS b, "lake"."db"."c" JOIN "lake"."db"."d" ON c.x = d.x, "lake"."db"."e"',
    ],
    ["SELECT * FROM (a JOIN b USING (x))", 'SELECT * FROM ("lake"."db"."a" JOIN "lake"."db"."b" USING (x))'],
    [
      "SELECT * FROM ((SELECT 1 FROM a) UNION (SELECT 2 FROM b)) x",
      'SELECT * FROM ((SELECT 1 FROM "lake"."db"."a") UNION (SELECT 2 FROM "lake"."db"."b")) x',
    ],
    [
      "SELECT extract(day FROM ts), trim(both 'x' FROM y) FROM t",
      `SELECT extract(day FROM ts), trim(both 'x' FROM y) FROM "lake"."db"."t"`,
    ],
    [
      "SELECT a IS DISTINCT FROM b, c IS NOT DISTINCT FROM d FROM t",
      'SELECT a IS DISTINCT FROM b, c IS NOT DISTINCT FROM d FROM "lake"."db"."t"',
    ],
    [
      "WITH a AS (SELECT * FROM a), b AS (SELECT * FROM a) SELECT * FROM b, c",
      'WITH a AS (SELECT * FROM "lake"."db"."a"), b AS (SELECT * FROM "a") SELECT * FROM "b", "lake"."db"."c"',
    ],
    [
      "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
      'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "r") SELECT * FROM "r"',
    ],
    [
      "SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) y, x",
      'SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM "x") y, "lake"."db"."x"',
    ],
    [
      "SELECT * FROM UNNEST(ARRAY[1,2]) WITH ORDINALITY AS u(a, b), t",
      'SELECT * FROM UNNEST(ARRAY[1,2]) WITH ORDINALITY AS u(a, b), "lake"."db"."t"',
    ],
    [
      "SELECT * FROM TABLE(sequence(1, 3)), LATERAL (SELECT * FROM t) l",
      'SELECT * FROM TABLE(sequence(1, 3)), LATERAL (SELECT * FROM "lake"."db"."t") l',
    ],
    [
      "SELECT * FROM t FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00 UTC'",
      `SELECT * FROM "lake"."db"."t" FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00 UTC'`,
    ],
    ["SELECT * FROM t FOR VERSION AS OF 42 x", 'SELECT * FROM "lake"."db"."t" FOR VERSION AS OF 42 x'],
    ['SELECT * FROM "t$snapshots"', 'SELECT * FROM "lake"."db"."t$snapshots"'],
    [
      'SELECT * FROM db."t$files", "db"."t$partitions"',
      'SELECT * FROM "lake"."db"."t$files", "lake"."db"."t$partitions"',
    ],
    [
      "SELECT x.from_ts, count(*) FILTER (WHERE a > 1.5) FROM t x GROUP BY 1, 2",
      'SELECT x.from_ts, count(*) FILTER (WHERE a > 1.5E0) FROM "lake"."db"."t" x GROUP BY 1, 2',
    ],
    [
      "SELECT 'it''s -- no comment' -- FROM x\nFROM t /* , u */",
      `SELECT 'it''s -- no comment' -- FROM x\nFROM "lake"."db"."t"`,
    ],
    ["VALUES (1, 'a;b'), (2, 'c')", "VALUES (1, 'a;b'), (2, 'c')"],
    ["TABLE t", 'TABLE "lake"."db"."t"'],
    ["SELECT * FROM t ORDER BY a, b LIMIT 5", 'SELECT * FROM "lake"."db"."t" ORDER BY a, b LIMIT 5'],
    ["EXPLAIN ANALYZE SELECT * FROM t", 'EXPLAIN ANALYZE SELECT * FROM "lake"."db"."t"'],
    [
      "EXPLAIN (FORMAT JSON) INSERT INTO t SELECT * FROM u",
      'EXPLAIN (FORMAT JSON) INSERT INTO "lake"."db"."t" SELECT * FROM "lake"."db"."u"',
    ],
    ["SELECT * FROM information_schema.tables", 'SELECT * FROM "lake"."information_schema"."tables"'],
  ])("%s", (athena, engine) => expect(translate(athena)).toBe(engine));

  test.each([
    [
      "INSERT INTO b.raw (a, b) SELECT a, b FROM st.raw s WHERE batch IN ('x', 'y') AND NOT EXISTS (SELECT 1 FROM b.raw t WHERE t.a = s.a)",
      `INSERT INTO "lake"."b"."raw" (a, b) SELECT a, b FROM "staging"."st"."raw" s WHERE batch IN ('x', 'y') AND NOT EXISTS (SELECT 1 FROM "lake"."b"."raw" t WHERE t.a = s.a)`,
    ],
    ["INSERT INTO t VALUES (1, 0.5)", 'INSERT INTO "lake"."db"."t" VALUES (1, 0.5E0)'],
    [
      "DELETE FROM t WHERE a IN (SELECT a FROM u)",
      'DELETE FROM "lake"."db"."t" WHERE a IN (SELECT a FROM "lake"."db"."u")',
    ],
    [
      "UPDATE t SET a = 1, b = (SELECT max(x) FROM u) WHERE c",
      'UPDATE "lake"."db"."t" SET a = 1, b = (SELECT max(x) FROM "lake"."db"."u") WHERE c',
    ],
    [
      "MERGE INTO t AS a USING (SELECT * FROM u) AS b ON a.id = b.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (b.id)",
      'MERGE INTO "lake"."db"."t" AS a USING (SELECT * FROM "lake"."db"."u") AS b ON a.id = b.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (b.id)',
    ],
    [
      "MERGE INTO t USING u ON t.i = u.i WHEN MATCHED THEN UPDATE SET v = u.v",
      'MERGE INTO "lake"."db"."t" USING "lake"."db"."u" ON t.i = u.i WHEN MATCHED THEN UPDATE SET v = u.v',
    ],
  ])("%s", (athena, engine) => expect(translate(athena)).toBe(engine));
});

describe("Athena's DDL becomes the engine's", () => {
  test("every type, comment and transform of CREATE TABLE has its counterpart", () => {
    const sql = `CREATE TABLE IF NOT EXISTS bronze.t (
      a string COMMENT 'it''s -- text', b int, c bigint, d double, e float, f boolean, g timestamp, h date,
      i decimal(10, 2), j binary, k array<string>, l map<string, bigint>, m struct<x: int, \`user\`: array<array<int>>>,
      \`user\` string, \`comment\` string)
      COMMENT "all types"
      PARTITIONED BY (h, \`user\`, bucket(16, a), truncate(4, b), year(g), month(g), day(g), hour(g))
      LOCATION 's3://lake/bronze/t/'
      TBLPROPERTIES ('table_type' = 'ICEBERG', 'format'='PARQUET', "write_compression"='zstd',
        'optimize_rewrite_delete_file_threshold'='2', 'vacuum_max_snapshot_age_seconds'='36000')`;
    expect(translate(sql)).toBe(
      `CREATE TABLE IF NOT EXISTS "lake"."bronze"."t" ("a" varchar COMMENT 'it''s -- text', "b" integer, "c" bigint, ` +
        `"d" double, "e" real, "f" boolean, "g" timestamp(6), "h" date, "i" decimal(10, 2), "j" varbinary, ` +
        `"k" array(varchar), "l" map(varchar, bigint), "m" row("x" integer, "user" array(array(integer))), ` +
        `"user" varchar, "comment" varchar) COMMENT 'all types' ${withText}, partitioning = ARRAY['h', 'user', ` +
        `'bucket(a, 16)', 'truncate(b, 4)', 'year(g)', 'month(g)', 'day(g)', 'hour(g)'])`,
    );
  });

  test.each([
    [`CREATE TABLE t (a int) ${iceberg}`, `CREATE TABLE "lake"."db"."t" ("a" integer) ${withText})`],
    [
      "ALTER TABLE b.t ADD COLUMNS (x string COMMENT 'c', y int)",
      `ALTER TABLE "lake"."b"."t" ADD COLUMN "x" varchar COMMENT 'c'; ALTER TABLE "lake"."b"."t" ADD COLUMN "y" integer`,
    ],
    ["ALTER TABLE t DROP COLUMN `user`", 'ALTER TABLE "lake"."db"."t" DROP COLUMN "user"'],
    [
      "ALTER TABLE t CHANGE COLUMN a b bigint",
      'ALTER TABLE "lake"."db"."t" RENAME COLUMN "a" TO "b"; ALTER TABLE "lake"."db"."t" ALTER COLUMN "b" SET DATA TYPE bigint',
    ],
    ["ALTER TABLE t RENAME TO u", 'ALTER TABLE "lake"."db"."t" RENAME TO "lake"."db"."u"'],
    ["DROP TABLE IF EXISTS `db`.`t`", 'DROP TABLE IF EXISTS "lake"."db"."t"'],
    ["DROP TABLE st.raw", 'DROP TABLE "staging"."st"."raw"'],
    [
      "CREATE OR REPLACE VIEW v AS SELECT * FROM t",
      'CREATE OR REPLACE VIEW "lake"."db"."v" AS SELECT * FROM "lake"."db"."t"',
    ],
    ["DROP VIEW IF EXISTS v", 'DROP VIEW IF EXISTS "lake"."db"."v"'],
    [
      "OPTIMIZE t REWRITE DATA USING BIN_PACK",
      `ALTER TABLE "lake"."db"."t" EXECUTE optimize(file_size_threshold => '402653184B')`,
    ],
    [
      'OPTIMIZE "db"."t" REWRITE DATA USING BIN_PACK WHERE d = \'2026-01-01\' AND h < 3;',
      `ALTER TABLE "lake"."db"."t" EXECUTE optimize(file_size_threshold => '402653184B') WHERE d = '2026-01-01' AND h < 3`,
    ],
    [
      "VACUUM t",
      `ALTER TABLE "lake"."db"."t" EXECUTE expire_snapshots(retention_threshold => '432000s'); ALTER TABLE "lake"."db"."t" EXECUTE remove_orphan_files(retention_threshold => '432000s')`,
    ],
    [
      "VACUUM kept",
      `ALTER TABLE "lake"."db"."kept" EXECUTE expire_snapshots(retention_threshold => '36000s'); ALTER TABLE "lake"."db"."kept" EXECUTE remove_orphan_files(retention_threshold => '36000s')`,
    ],
    [
      "CREATE TABLE t WITH (table_type = 'ICEBERG', is_external = false, location = 's3://lake/x', format = 'PARQUET', partitioning = ARRAY['day(ts)', 'h']) AS SELECT * FROM u",
      `CREATE TABLE "lake"."db"."t" WITH (format = 'PARQUET', format_version = 2, location = 's3://lake/x', partitioning = ARRAY['day(ts)', 'h'])  AS SELECT * FROM "lake"."db"."u"`,
    ],
  ])("%s", (athena, engine) => expect(translate(athena)).toBe(engine));

  test("properties are kept for Glue and not sent to the engine", () => {
    const { plan } = parseStatement("ALTER TABLE t SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='60')", "db");
    expect(plan).toEqual({
      kind: "set-properties",
      table: { database: "db", table: "t" },
      properties: { vacuum_max_snapshot_age_seconds: "60" },
    });
  });
});

describe("what Athena refuses is refused, also where the engine would take it", () => {
  test.each([
    ["", "mismatched input '<EOF>'"],
    ["selec 1", "mismatched input 'selec'"],
    ["SELECT 1; SELECT 2", "Only one sql statement is allowed"],
    ["SELECT `a` FROM t", "backquoted identifiers are not supported"],
    ["SELECT * FROM `t`", "backquoted identifiers are not supported"],
    ["SELECT 'open", "mismatched input"],
    ["SELECT (1", "mismatched input"],
    ["SELECT 1)", "mismatched input ')'"],
    ["SELECT * FROM mysql.db.t", "Catalog 'mysql' does not exist"],
    ["MERGE INTO t USING u ON t.i = u.i WHEN NOT MATCHED BY SOURCE THEN DELETE", "mismatched input 'BY'"],
    ["MSCK REPAIR TABLE t", "Queries of this type are not supported"],
    ["CREATE OR REPLACE TABLE t (a int)", "Queries of this type are not supported"],
    ["CREATE MATERIALIZED VIEW v AS SELECT 1", "Queries of this type are not supported"],
    ["CREATE SCHEMA s WITH (location = 's3://x/')", "Queries of this type are not supported"],
    ["ALTER TABLE t EXECUTE optimize", "Queries of this type are not supported"],
    ["ALTER TABLE t ADD COLUMN a int", "Queries of this type are not supported"],
    ["TRUNCATE TABLE t", "Queries of this type are not supported"],
    ["SET SESSION a = 1", "Queries of this type are not supported"],
    ["CALL system.x()", "Queries of this type are not supported"],
    [`CREATE TABLE "t" (a int) ${iceberg}`, "mismatched input '\"t\"'"],
    ['DROP TABLE "t"', "mismatched input '\"t\"'"],
    [`CREATE TABLE t (a varchar) ${iceberg}`, "mismatched input 'varchar'"],
    [`CREATE TABLE t (a integer) ${iceberg}`, "mismatched input 'integer'"],
    [`CREATE TABLE t (a int, a int) ${iceberg}`, "Duplicate column name a"],
    [`CREATE TABLE t (a int) PARTITIONED BY (b) ${iceberg}`, "Partition column b is not a column"],
    [`CREATE TABLE t (a int) PARTITIONED BY (b string) ${iceberg}`, "Partition column b is not a column"],
    [`CREATE TABLE t (a int) PARTITIONED BY (a int) ${iceberg}`, "without types"],
    [`CREATE TABLE t (a int) PARTITIONED BY (bucket(a, 16)) ${iceberg}`, "mismatched input 'a'"],
    [`CREATE EXTERNAL TABLE t (a int) ${iceberg}`, "External keyword not supported"],
    ["CREATE TABLE t (a int) TBLPROPERTIES ('table_type'='ICEBERG')", "Table location must be specified"],
    ["CREATE TABLE t (a int) WITH (format = 'PARQUET')", "mismatched input 'WITH'"],
    [
      "CREATE TABLE t (a int) LOCATION 's3://lake/x/' TBLPROPERTIES ('table_type'='ICEBERG','commit.retry.num-retries'='9')",
      "Unsupported table property key: commit.retry.num-retries",
    ],
    ["ALTER TABLE t SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds'='5 days')", "Invalid value"],
    ["ALTER TABLE t SET TBLPROPERTIES ('format'='orc')", "cannot be changed"],
    ["OPTIMIZE t", "mismatched input '<EOF>'. Expecting: 'REWRITE'"],
    ["VACUUM t RETAIN 1", "mismatched input 'RETAIN'"],
  ])("%s", (sql, message) => {
    expect(() => parseStatement(sql, "db")).toThrow(
      expect.objectContaining({ code: "InvalidRequestException", message: expect.stringContaining(message) }),
    );
  });

  test("a bare name without a database in the context is refused", () => {
    expect(() => parseStatement("SELECT * FROM t", undefined)).toThrow(/Schema must be specified/);
  });
});

describe("what a statement touches", () => {
  test.each([
    ["SELECT * FROM a JOIN st.b ON true", ["read db.a", "read st.b"]],
    ["INSERT INTO a SELECT * FROM b WHERE NOT EXISTS (SELECT 1 FROM a)", ["write db.a", "read db.b", "read db.a"]],
    ["VACUUM a", ["vacuum db.a"]],
    ["OPTIMIZE a REWRITE DATA USING BIN_PACK", ["write db.a"]],
    ["DROP TABLE a", ["drop db.a"]],
    [`CREATE TABLE a (x int) ${iceberg}`, ["create db.a"]],
    ["CREATE VIEW v AS SELECT * FROM a", ["create-view db.v", "read db.a"]],
    ["WITH x AS (SELECT 1 a) SELECT * FROM x", []],
    ["DESCRIBE a", ["describe db.a"]],
  ])("%s", (sql, expected) => expect(uses(sql)).toEqual(expected));

  test.each([
    ["SELECT 1", "DML", "SELECT"],
    ["INSERT INTO a VALUES (1)", "DML", "INSERT"],
    ["MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE", "DML", "MERGE"],
    ["SHOW TABLES IN x '*'", "UTILITY", "SHOW_TABLES"],
    [`CREATE TABLE a (x int) ${iceberg}`, "DDL", "CREATE_TABLE"],
  ])("%s is %s / %s", (sql, statementType, substatementType) => {
    expect(parseStatement(sql, "db")).toMatchObject({ statementType, substatementType });
  });
});
