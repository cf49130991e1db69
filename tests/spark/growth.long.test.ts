// What an increment costs follows the increment: not the history behind it, not what today's partition already holds.
// Rows are made by Spark; figures are printed, the limits are those of the design.
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type Cost, generateBronze, measured, type Rows, spread } from "./growth/growth.ts";
import { type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

jest.setTimeout(3 * 3_600_000);

/** A share of the rows, to look at bytes and files on a busy machine; the figures that count are those of 1. */
const scale = Number(process.env["WIKILAKE_GROWTH_SCALE"] ?? 1);
/** Ten minutes of the feed. */
const increment = 21_000 * scale;
const allowedSpread = 0.2;
/** Ten times the rows may cost this much more. */
const allowedForTenfold = 12;

/** Only these tables, as in `gold.hourly_stats,gold.user_daily`: to find the one that grows. */
const only = process.env["WIKILAKE_TABLES"];
const tables = only === undefined ? [] : ["--tables", only];

let spark: SparkHarness;
let next = 0;
beforeEach(async () => {
  // Three million rows of a day are cached once while they are loaded.
  spark = await startSparkHarness({ driverMemory: "4g" });
  await spark.createLake("grow");
  next = 0;
});
afterEach(() => spark?.close());

async function load(rows: Omit<Rows, "first">, now: string, runId: string): Promise<void> {
  await generateBronze(spark, "grow", { first: next, ...rows });
  next += rows.count;
  const flags = ["--mode", "catchup", ...tables];
  expect(await spark.run({ prefix: "grow", runId, now, flags })).toEqual({ exit: 0 });
}

/** The same number of rows, in the ten minutes before `now` of the day; only the run is measured. */
async function costOf(count: number, from: string, now: string, runId: string): Promise<Cost> {
  await generateBronze(spark, "grow", { first: next, count, from, seconds: 600 });
  next += count;
  return measured(spark, async () => {
    expect(await spark.run({ prefix: "grow", runId, now, flags: ["--mode", "live", ...tables] })).toEqual({ exit: 0 });
  });
}

/** Files by hour, as compaction leaves closed hours. */
const compact = (): Promise<unknown> =>
  spark.sql(
    "call lake.system.rewrite_data_files(table => 'grow_silver.cleaned_events', strategy => 'sort', sort_order => 'event_timestamp', options => map('rewrite-all', 'true', 'target-file-size-bytes', '16777216'))",
  );

function report(title: string, costs: ReadonlyMap<string, Cost>): void {
  const lines = [...costs].map(([name, cost]) => `${name.padStart(10)} ${JSON.stringify(cost)}`);
  process.stdout.write(`\n${title}\n${lines.join("\n")}\n`);
}

const within = (costs: ReadonlyMap<string, Cost>, limit: number): void => {
  const all = [...costs.values()];
  expect({
    bytes: spread(all.map(({ bytes_read }) => bytes_read)) <= limit,
    files: spread(all.map(({ files }) => files)) <= limit,
    cpu: spread(all.map(({ cpu_s }) => cpu_s)) <= limit,
  }).toEqual({ bytes: true, files: true, cpu: true });
};

describe("an increment of ten minutes", () => {
  // Windows look back 30 days at most: from there on history may only lie there.
  test("costs the same on one, four and ten times the history", async () => {
    const perDay = 1_500 * scale;
    const costs = new Map<string, Cost>();
    await load({ count: 30 * perDay, from: "2026-10-21 00:00:00", seconds: 30 * 86_400 }, "2026-11-20T00:00:30", "h-1");
    await costOf(increment, "2026-11-20 09:00:00", "2026-11-20T09:10:10", "warm");
    const older = [
      ["2026-07-23 00:00:00", 90],
      ["2026-01-24 00:00:00", 180],
    ] as const;
    costs.set("1x", await costOf(increment, "2026-11-20 10:00:00", "2026-11-20T10:10:10", "m-1"));
    for (const [index, [from, days]] of older.entries()) {
      const hour = 11 + 2 * index;
      for (let done = 0; done < days; done += 45) {
        const start = new Date(Date.parse(`${from.replace(" ", "T")}Z`) + done * 86_400_000).toISOString().slice(0, 19);
        const rows = { count: 45 * perDay, from: start.replace("T", " "), seconds: 45 * 86_400 };
        await load(rows, `2026-11-20T${hour}:00:0${done / 45}`, `h-${index}-${done}`);
      }
      const name = index === 0 ? "4x" : "10x";
      costs.set(name, await costOf(increment, `2026-11-20 ${hour}:00:00`, `2026-11-20T${hour}:10:10`, `m-${name}`));
    }
    report("history", costs);
    within(costs, allowedSpread);
  });

  test("costs the same with 0, 1.5 M and 3 M rows in today's partition", async () => {
    const costs = new Map<string, Cost>();
    await load(
      { count: 60_000 * scale, from: "2026-11-18 00:00:00", seconds: 2 * 86_400 },
      "2026-11-20T00:00:30",
      "h-0",
    );
    await costOf(increment, "2026-11-19 23:40:00", "2026-11-19T23:50:10", "warm");
    costs.set("0", await costOf(increment, "2026-11-20 00:00:00", "2026-11-20T00:10:10", "m-0"));
    for (const [part, name] of ["1.5 M", "3 M"].entries()) {
      for (let third = 0; third < 3; third += 1) {
        const hour = 1 + part * 11 + third * 3;
        const from = `2026-11-20 ${String(hour).padStart(2, "0")}:00:00`;
        const now = `2026-11-20T${String(hour + 3).padStart(2, "0")}:00:30`;
        await load({ count: 500_000 * scale, from, seconds: 3 * 3600 }, now, `l-${part}-${third}`);
      }
      await compact();
      const hour = String(11 + part * 11).padStart(2, "0");
      costs.set(name, await costOf(increment, `2026-11-20 ${hour}:00:00`, `2026-11-20T${hour}:10:10`, `m-${part + 1}`));
    }
    report("today's partition", costs);
    within(costs, allowedSpread);
  });

  test("of ten times the rows costs at most twelve times as much", async () => {
    await load(
      { count: 60_000 * scale, from: "2026-11-18 00:00:00", seconds: 2 * 86_400 },
      "2026-11-20T00:00:30",
      "h-0",
    );
    await costOf(increment, "2026-11-20 00:00:00", "2026-11-20T00:10:10", "warm");
    const one = await costOf(increment, "2026-11-20 10:00:00", "2026-11-20T10:10:10", "m-1");
    const ten = await costOf(10 * increment, "2026-11-20 12:00:00", "2026-11-20T12:10:10", "m-10");
    report(
      "increment",
      new Map([
        ["21,000", one],
        ["210,000", ten],
      ]),
    );
    expect(ten.cpu_s / one.cpu_s).toBeLessThanOrEqual(allowedForTenfold);
  });
});
