/**
 * One cycle in a JVM of its own, as each run of the job is: all gates, silver and gold over ten minutes of the feed (21,000
 * made-up events), two days of history behind it. `npm run bench -- cycle [--quick] [--tables A,B]`: --quick is a tenth.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { generateBronze, measured } from "../tests/spark/growth/growth.ts";
import { type SparkHarness, startSparkHarness } from "../tests/spark/harness/spark-harness.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, tables: { type: "string" } } });
const rows = values.quick ? 2_100 : 21_000;
const history = values.quick ? 6_000 : 60_000;
const lakeFolder = mkdtempSync(path.join(tmpdir(), "wikilake-cycle-"));
const prefix = "cycle";

async function session(use: (spark: SparkHarness, startedMs: number) => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  const spark = await startSparkHarness({ lakeFolder, driverMemory: "2g" });
  try {
    await use(spark, startedMs);
  } finally {
    await spark.close();
  }
}

async function run(spark: SparkHarness, runId: string, now: string, mode: string): Promise<void> {
  const flags = ["--mode", mode, ...(values.tables === undefined ? [] : ["--tables", values.tables])];
  const answer = await spark.run({ prefix, runId, now, flags });
  if ("exit" in answer && answer.exit === 0) return;
  const broken = await spark.sql(
    `select table_name, rule_id, failure_reason from lake.${prefix}_dq_audit.quality_results where status in ('FAILED', 'ERROR')`,
  );
  throw new Error(`${runId} ended with ${JSON.stringify(answer)}: ${JSON.stringify(broken)}`);
}

try {
  await session(async (spark) => {
    await spark.createLake(prefix);
    await generateBronze(spark, prefix, { first: 0, count: history, from: "2026-11-18 00:00:00", seconds: 2 * 86_400 });
    await run(spark, "history", "2026-11-20T00:00:30", "catchup");
    await generateBronze(spark, prefix, { first: history, count: rows, from: "2026-11-20 10:00:00", seconds: 600 });
    await run(spark, "before", "2026-11-20T10:10:10", "live");
  });
  await session(async (spark, startedMs) => {
    await generateBronze(spark, prefix, {
      first: history + rows,
      count: rows,
      from: "2026-11-20 10:10:00",
      seconds: 600,
    });
    const readyS = ((performance.now() - startedMs) / 1000).toFixed(1);
    const cost = await measured(spark, () => run(spark, "cycle", "2026-11-20T10:20:10", "live"));
    console.log(
      `cycle: ${rows} events, session and events after ${readyS} s, then ${cost.wall_s} s of wall time, ${cost.cpu_s} s of ` +
        `processor time, ${(cost.bytes_read / 1048576).toFixed(1)} MiB read, ${cost.files} files opened`,
    );
  });
} finally {
  rmSync(lakeFolder, { recursive: true, force: true });
}
