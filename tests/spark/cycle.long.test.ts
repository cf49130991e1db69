// One cycle in a JVM of its own, as each run of the job is: all gates, silver and gold over ten minutes of the feed, two days of
// history behind it. `npm run bench -- cycle` runs it; the figure is printed, and the design's limit holds on an idle machine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, jest, test } from "@jest/globals";
import { type Cost, generateBronze, measured } from "./growth/growth.ts";
import { type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

jest.setTimeout(3_600_000);

/** Ten minutes of the feed, and what stands behind them; a tenth of both for a look. */
const scale = process.env["WIKILAKE_BENCH_QUICK"] === "1" ? 0.1 : 1;
const rows = 21_000 * scale;
const history = 60_000 * scale;
/** Seconds on two cores, by the design; the closest peer takes 98 to 118 for 15,000 rows and a third of the tables. */
const allowedS = 60;

const lakeFolder = mkdtempSync(path.join(tmpdir(), "wikilake-cycle-"));
afterAll(() => rmSync(lakeFolder, { recursive: true, force: true }));

async function withSession<T>(use: (spark: SparkHarness) => Promise<T>): Promise<T> {
  const spark = await startSparkHarness({ lakeFolder, driverMemory: "2g" });
  try {
    return await use(spark);
  } finally {
    await spark.close();
  }
}

async function run(spark: SparkHarness, runId: string, now: string, mode: string): Promise<void> {
  expect(await spark.run({ prefix: "cycle", runId, now, flags: ["--mode", mode] })).toEqual({ exit: 0 });
}

test(`a cycle over ${rows} events takes at most ${allowedS} seconds`, async () => {
  await withSession(async (spark) => {
    await spark.createLake("cycle");
    const days = { first: 0, count: history, from: "2026-11-18 00:00:00", seconds: 2 * 86_400 };
    await generateBronze(spark, "cycle", days);
    await run(spark, "history", "2026-11-20T00:00:30", "catchup");
    await generateBronze(spark, "cycle", { first: history, count: rows, from: "2026-11-20 10:00:00", seconds: 600 });
    await run(spark, "before", "2026-11-20T10:10:10", "live");
  });
  const cost = await withSession(async (spark): Promise<Cost> => {
    const newest = { first: history + rows, count: rows, from: "2026-11-20 10:10:00", seconds: 600 };
    await generateBronze(spark, "cycle", newest);
    return measured(spark, () => run(spark, "cycle", "2026-11-20T10:20:10", "live"));
  });
  const read = `${(cost.bytes_read / 1_048_576).toFixed(1)} MiB read`;
  process.stdout.write(
    `\ncycle: ${rows} events, ${cost.wall_s} s of wall time, ${cost.cpu_s} s of processor time, ${read}\n`,
  );
  expect(cost.wall_s).toBeLessThanOrEqual(allowedS);
});
