import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SparkHarness } from "../harness/spark-harness.ts";

const template = readFileSync(join(import.meta.dirname, "bronze-rows.sql"), "utf8");

/** Rows from number `first` on, spread evenly over `seconds` from `from` (UTC, `YYYY-MM-DD HH:MM:SS`). */
export type Rows = {
  readonly first: number;
  readonly count: number;
  readonly from: string;
  readonly seconds: number;
};

/** Cost of one run. `files` are those that its scans planned to open: one that is read twice counts twice. */
export type Cost = {
  readonly wall_s: number;
  readonly cpu_s: number;
  readonly bytes_read: number;
  readonly files: number;
};

type Totals = {
  readonly bytes_read: number;
  readonly cpu_s: number;
  readonly files: number;
  readonly statement: number;
};

/** Counts no files unless it is told from where. */
const totals = async (spark: SparkHarness, after = Number.MAX_SAFE_INTEGER): Promise<Totals> =>
  (await spark.call("cost", { after })) as Totals; // measure.py's shape

/** Appends made-up events to bronze. */
export async function generateBronze(spark: SparkHarness, prefix: string, rows: Rows): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    first: String(rows.first),
    last: String(rows.first + rows.count),
    count: String(rows.count),
    from: rows.from,
    seconds: String(rows.seconds),
    tasks: "2",
  };
  const sql = template.replaceAll(/\$\{([a-z]+)\}/g, (_, name: string) => values[name] ?? "");
  await spark.call("generate", { prefix, sql });
}

/** What `work` costs. */
export async function measured(spark: SparkHarness, work: () => Promise<unknown>): Promise<Cost> {
  const [before, startedMs] = [await totals(spark), performance.now()];
  await work();
  const wall = (performance.now() - startedMs) / 1000;
  const after = await totals(spark, before.statement);
  return {
    wall_s: Number(wall.toFixed(1)),
    cpu_s: Number((after.cpu_s - before.cpu_s).toFixed(1)),
    bytes_read: after.bytes_read - before.bytes_read,
    files: after.files,
  };
}

/** How far the furthest of the values is from the first, as a share of it. */
export const spread = (values: readonly number[]): number => {
  const first = values[0] ?? 0;
  return Math.max(...values.map((value) => Math.abs(value - first) / first));
};
