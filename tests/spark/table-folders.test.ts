import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "../..");
const folders = ["silver", "gold"].flatMap((layer) =>
  readdirSync(join(root, "spark", layer))
    // Without about.yml a folder is no table yet: the runner does not see it either.
    .filter((table) => existsSync(join(root, "spark", layer, table, "about.yml")))
    .map((table) => [layer, table] as const),
);
const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), "utf8");

/** Athena's type → what Iceberg makes of it in both engines; `timestamp` has no zone. */
const types = new Set(["string", "int", "bigint", "double", "boolean", "timestamp"]);

type Column = { readonly name: string; readonly type: string; readonly comment: string };

function columnsOf(ddl: string): readonly Column[] {
  const body = /\(\n([\s\S]*?)\n\)/.exec(ddl)?.[1] ?? "";
  return body.split("\n").map((line) => {
    const [, name, type, comment] = /^ {2}`?([a-z_0-9]+)`? ([a-z]+) COMMENT '([^']+)',?$/.exec(line) ?? [];
    if (name === undefined || type === undefined || comment === undefined) throw new Error(`not a column: ${line}`);
    return { name, type, comment };
  });
}

const aboutSchema = z.strictObject({
  layer: z.enum(["silver", "gold"]),
  table: z.string(),
  order: z.int(),
  key: z.array(z.string()).min(1),
  partition: z.array(z.string()).min(1),
  input: z.string().regex(/^(bronze|silver|gold)\.[a-z_0-9]+$/),
  also: z.array(z.string().regex(/^(silver|gold)\.[a-z_0-9]+$/)).optional(),
  reads: z.enum(["snapshot_range", "processed_since"]),
  processed_column: z.string(),
  late: z.enum(["L1", "L2", "L3", "L4", "L5"]),
  cadence: z.enum(["cycle", "daily"]).optional(),
  after: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .optional(),
  late_rows: z.enum(["next_cycle", "next_day"]).optional(),
  // Column → why a rebuild may give it another value.
  not_compared: z.record(z.string(), z.string().min(20)).optional(),
});

describe.each(folders)("spark/%s/%s", (layer, table) => {
  const folder = ["spark", layer, table] as const;
  const ddl = read(...folder, "table.sql");
  const columns = columnsOf(ddl);
  const about = aboutSchema.parse(parse(read(...folder, "about.yml")));

  test("has the files that make a table", () => {
    for (const file of ["table.sql", "load.sql", "checks.sql", "checks.dqdl", "about.yml"]) {
      expect(existsSync(join(root, ...folder, file))).toBe(true);
    }
  });

  test("describes every column, by a type both engines know, once", () => {
    expect(columns.every(({ type }) => types.has(type))).toBe(true);
    expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length);
  });

  test("is named, placed and partitioned as about.yml says", () => {
    expect(about).toMatchObject({ layer, table });
    const database = `\${database_prefix}_${layer}.${table}`;
    expect(ddl).toContain(`CREATE TABLE IF NOT EXISTS ${database} (`);
    expect(ddl).toContain(`PARTITIONED BY (${about.partition.join(", ")})`);
    expect(ddl).toContain(`/${layer}/${table}/'`);
    const names = columns.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...about.key, ...about.partition, about.processed_column]));
  });

  test("is loaded with each of its columns by name", () => {
    const pieces = readdirSync(join(root, ...folder)).filter(
      (file) => file.endsWith(".sql") && !["table.sql", "checks.sql"].includes(file),
    );
    const shared = readdirSync(join(root, "spark/sql")).map((file) => read("spark/sql", file));
    const load = [...pieces.map((file) => read(...folder, file)), ...shared].join("\n");
    const missing = columns.filter(
      ({ name }) => !new RegExp(`(\\bas ${name}\\b|^ +(\\w\\.)?${name},?$)`, "m").test(load),
    );
    expect(missing).toEqual([]);
  });

  test("carries a schema version, so that a changed layout can be told", () => {
    expect(columns.map(({ name }) => name)).toContain("schema_version");
  });
});

describe("schemas/rules", () => {
  const domainsSchema = z.strictObject({
    domains: z.array(
      z.strictObject({
        domain: z.string(),
        wiki: z.string(),
        language: z.string(),
        project: z.string(),
        region: z.enum(["asia_pacific", "europe", "americas", "middle_east", "other"]),
        in_scope: z.boolean(),
      }),
    ),
    region_by_language: z.record(z.string(), z.string()),
  });
  const { domains } = domainsSchema.parse(parse(read("schemas", "rules", "domains.yml")));

  test("put 18 Wikipedias in scope, each in one region", () => {
    expect(new Set(domains.map(({ domain }) => domain)).size).toBe(18);
    const byRegion = Map.groupBy(domains, ({ region }) => region);
    const languages = (region: "asia_pacific" | "europe" | "americas" | "middle_east"): string =>
      (byRegion.get(region) ?? []).map(({ language }) => language).join(" ");
    expect(languages("asia_pacific")).toBe("zh ja ko vi id th");
    expect(languages("europe")).toBe("de fr it es pl nl ru");
    expect(languages("americas")).toBe("en pt");
    expect(languages("middle_east")).toBe("ar fa he");
  });

  test("name every threshold that the SQL and the rules ask for", () => {
    const flat = (value: unknown, prefix: string): readonly string[] =>
      typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, item]) => flat(item, prefix === "" ? key : `${prefix}.${key}`))
        : [prefix];
    const known = new Set(flat(parse(read("schemas", "rules", "thresholds.yml")), ""));
    const files = [
      ...folders.flatMap(([layer, table]) =>
        ["load.sql", "checks.sql", "checks.dqdl"].map((file) => read("spark", layer, table, file)),
      ),
      ...readdirSync(join(root, "spark/sql")).map((file) => read("spark/sql", file)),
      read("spark", "dq", "bronze", "checks.dqdl"),
    ];
    const asked = files.flatMap((text) =>
      [...text.matchAll(/\$\{((?:silver|gold|dq)\.[a-z0-9_.]+)\}/g)].map(([, name]) => name ?? ""),
    );
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});
