import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { startSparkHarness } from "../spark/harness/spark-harness.ts";
import type { Delivery } from "./delivery.ts";
import { duckdbPython } from "./duckdb-venv.ts";

const root = join(import.meta.dirname, "../..");

type About = { readonly layer: string; readonly table: string; readonly key: readonly string[] };

export type TableResult = {
  readonly table: string;
  readonly rows: number;
  readonly columns: number;
  readonly differences: number;
  readonly only_ours: number;
  readonly only_lake: number;
  readonly by_column: Readonly<Record<string, { readonly rows: number; readonly samples: readonly unknown[] }>>;
  readonly samples: Readonly<Record<string, readonly unknown[]>>;
  /** Columns of the lake that the second computation does not have. */
  readonly not_recomputed: readonly string[];
};

/** What the second computation does not answer for: text made of numbers that are columns too. */
const ignored: Readonly<Record<string, readonly string[]>> = { edit_scores: ["evidence"], risk_scores: ["evidence"] };

/** Tables that Spark writes and whose rows follow from the events alone. */
export function comparedTables(): readonly About[] {
  const folders = ["silver", "gold"].flatMap((layer) =>
    readdirSync(join(root, "spark", layer)).map((table) => join(root, "spark", layer, table, "about.yml")),
  );
  return folders.filter((file) => existsSync(file)).map((file) => parse(readFileSync(file, "utf8")) as About); // as: judged by table-folders.test.ts
}

/** Runs one cycle a batch, then leaves every table as Parquet under `exports/<table>`. */
export async function buildLake(delivery: Delivery, exports: string, driverMemory = "1g"): Promise<void> {
  const spark = await startSparkHarness({ driverMemory });
  try {
    await spark.createLake("twice");
    for (const [batch, folder] of delivery.batches.entries()) {
      const startedMs = Date.now();
      await spark.sql(`insert into lake.twice_bronze.raw_events select * from parquet.\`${folder}\``);
      const appendedMs = Date.now();
      const { exit } = await spark.run({ prefix: "twice", runId: `twice-${batch}` });
      if (exit !== 0) throw new Error(`cycle ${batch} ended with ${exit}: ${await refusals(spark)}`);
      console.log(
        `cycle ${batch}: append ${seconds(startedMs, appendedMs)} s, cycle ${seconds(appendedMs, Date.now())} s`,
      );
    }
    await refreshBaselines(spark);
    for (const { layer, table } of comparedTables()) {
      await spark.sql(
        `insert overwrite directory '${join(exports, table)}' using parquet select * from lake.twice_${layer}.${table}`,
      );
    }
  } finally {
    await spark.close();
  }
}

/** Baselines look back, and what is usual; each once more, in this order. */
const judgedByBaselines = [
  "wiki_baselines",
  "edit_scores",
  "risk_scores",
  "global_metrics_10min",
  "user_metrics_10min",
  "entity_metrics_10min",
  "daily_analytics_summary",
  "model_quality",
];

/**
 * A day's baselines are computed once, from what was known then, and late events do not change them. The second
 * computation knows all events from the start, so these tables are rebuilt: twice, because baselines come first and look
 * at the scores of the run before.
 */
async function refreshBaselines(spark: Awaited<ReturnType<typeof startSparkHarness>>): Promise<void> {
  const flags = ["--rebuild", "--tables", judgedByBaselines.map((name) => `gold.${name}`).join(",")];
  for (const number of [1, 2]) {
    const { exit } = await spark.run({ prefix: "twice", runId: `twice-rebuild-${number}`, command: "gold", flags });
    if (exit !== 0) throw new Error(`rebuild ${number} ended with ${exit}: ${await refusals(spark)}`);
  }
}

const seconds = (fromMs: number, toMs: number): string => ((toMs - fromMs) / 1000).toFixed(0);

async function refusals(spark: Awaited<ReturnType<typeof startSparkHarness>>): Promise<string> {
  const failed = await spark.sql(
    "select gate, rule_id, status, metric_value, failure_reason from lake.twice_dq_audit.quality_results where status in ('FAILED', 'ERROR')",
  );
  return JSON.stringify(failed);
}

/** The rule lists as JSON: the second engine needs no reader of YAML. */
async function writeRules(file: string): Promise<void> {
  const folder = join(root, "schemas/rules");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".yml"));
  const rules = Object.fromEntries(
    names.map((name) => [name.replace(/\.yml$/, ""), parse(readFileSync(join(folder, name), "utf8"))]),
  );
  await writeFile(file, JSON.stringify(rules));
}

/** Computes everything again from the raw lines and compares it with the exported tables. */
export async function recompute(delivery: Delivery, exports: string, work: string): Promise<readonly TableResult[]> {
  await mkdir(work, { recursive: true });
  await writeRules(join(work, "rules.json"));
  const tables = comparedTables().map(({ table, key }) => ({ table, key, ignored: ignored[table] ?? [] }));
  await writeFile(join(work, "plan.json"), JSON.stringify({ tables }));
  const named = {
    raw: delivery.raw,
    records: delivery.records,
    rules: join(work, "rules.json"),
    plan: join(work, "plan.json"),
    exports,
    work: join(work, "db"),
  };
  const args = Object.entries(named).flatMap(([name, value]) => [`--${name}`, value]);
  const script = join(import.meta.dirname, "recompute.py");
  // The answer holds sample rows: a few hundred kilobytes at the very most.
  const { stdout } = await promisify(execFile)(await duckdbPython(), [script, ...args], { maxBuffer: 64 * 2 ** 20 });
  const answer = JSON.parse(stdout) as { tables: TableResult[]; seconds: unknown; total_s: number }; // as: the script's own shape
  console.log(`${report(answer.tables)}\nrecomputed in ${answer.total_s} s`);
  return answer.tables;
}

/** One line a table; under it what differs, with keys. */
export function report(tables: readonly TableResult[]): string {
  const lines = tables.flatMap((one) => [
    `${one.table.padEnd(36)} ${String(one.rows).padStart(8)} rows × ${String(one.columns).padStart(2)} columns, ${one.differences} differ`,
    ...(one.not_recomputed.length > 0 ? [`    not recomputed: ${one.not_recomputed.join(", ")}`] : []),
    ...Object.entries(one.samples).map(([side, keys]) => `    ${side}: ${JSON.stringify(keys)}`),
    ...Object.entries(one.by_column).map(
      ([name, { rows, samples }]) => `    ${name}: ${rows} rows, ${JSON.stringify(samples)}`,
    ),
  ]);
  return lines.join("\n");
}
