import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { SparkHarness } from "./harness/spark-harness.ts";

const root = join(import.meta.dirname, "../../spark");
const aboutSchema = z.looseObject({ not_compared: z.record(z.string(), z.string()).optional() });

export type LakeTable = {
  readonly layer: string;
  readonly name: string;
  /** Columns that a rebuild may give another value, with the reason that about.yml names. */
  readonly notCompared: readonly string[];
};

/** WIKILAKE_TABLES narrows a run to some tables, as in `silver.cleaned_events,gold.hourly_stats`. */
const only = process.env["WIKILAKE_TABLES"]?.split(",");

/** Every table that the job writes: one a folder. */
export const lakeTables: readonly LakeTable[] = ["silver", "gold"].flatMap((layer) =>
  readdirSync(join(root, layer))
    .filter((name) => existsSync(join(root, layer, name, "about.yml")) && (only?.includes(`${layer}.${name}`) ?? true))
    .map((name) => {
      const about = aboutSchema.parse(parse(readFileSync(join(root, layer, name, "about.yml"), "utf8")));
      return { layer, name, notCompared: Object.keys(about.not_compared ?? {}) };
    }),
);

export const sqlName = (prefix: string, { layer, name }: LakeTable): string => `lake.${prefix}_${layer}.${name}`;

/** Snapshot id of main, as text: it fits no double. undefined while nothing was published. */
export async function headOf(spark: SparkHarness, table: string): Promise<string | undefined> {
  const [row] = await spark.sql(`select cast(snapshot_id as string) as id from ${table}.refs where name = 'main'`);
  return row === undefined ? undefined : String(row["id"]);
}

/** table → its published version. */
export async function versions(spark: SparkHarness, prefix: string): Promise<ReadonlyMap<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for (const table of lakeTables) found.set(sqlName(prefix, table), await headOf(spark, sqlName(prefix, table)));
  return found;
}

export type Difference = { readonly table: string; readonly rows: number; readonly examples: readonly unknown[] };

/**
 * Tables whose rows differ between two versions, whenever they were computed and by which run. A version that is missing
 * has no rows.
 */
export async function differences(
  spark: SparkHarness,
  prefix: string,
  before: ReadonlyMap<string, string | undefined>,
  after: ReadonlyMap<string, string | undefined>,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (const table of lakeTables) {
    const name = sqlName(prefix, table);
    const columns = await comparedColumns(spark, name, table);
    const of = (id: string | undefined): string =>
      `select ${columns.map((column) => `\`${column}\``).join(", ")} from ${name} ${id === undefined ? "where false" : `version as of ${id}`}`;
    const [left, right] = [of(before.get(name)), of(after.get(name))];
    const rows = await spark.sql(
      `select 'before' as only_in, * from (${left} except all ${right}) union all select 'after', * from (${right} except all ${left})`,
    );
    if (rows.length > 0) found.push({ table: name, rows: rows.length, examples: rows.slice(0, 4) });
  }
  return found;
}

async function comparedColumns(spark: SparkHarness, name: string, table: LakeTable): Promise<readonly string[]> {
  const described = (await spark.sql(`describe ${name}`)).map((row) => String(row["col_name"]));
  // After the columns come the partitions, under a heading.
  const columns = new Set(described.filter((column) => /^[a-z]/.test(column)));
  const left = [...columns].filter((column) => !column.endsWith("_processed_at") && column !== "run_id");
  return left.filter((column) => !table.notCompared.includes(column));
}
