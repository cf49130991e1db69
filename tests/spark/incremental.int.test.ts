import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { boundaries } from "./boundaries.ts";
import { core, coreFlags } from "./core-tables.ts";
import { edit, onPartition } from "./fixtures.ts";
import { type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";
import { proveHistories } from "./prove-histories.ts";
import { lakeTables, sqlName } from "./table-versions.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

/** Another one is printed with every failure of the property; the count keeps the file within a minute or two. */
const seed = 20_261_121;
const historyCount = 50;
const batches = 4;

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

const coreTables = lakeTables.filter(({ layer, name }) => core.includes(`${layer}.${name}`));

const silver = (prefix: string): string => `lake.${prefix}_silver.cleaned_events`;
const gold = (prefix: string): string => `lake.${prefix}_gold.hourly_stats`;

async function one(sql: string): Promise<unknown> {
  const [row] = await spark.sql(sql);
  return Object.values(row ?? {})[0];
}

async function snapshots(prefix: string): Promise<readonly unknown[]> {
  const audit = [`lake.${prefix}_dq_audit.quality_results`, `lake.${prefix}_dq_audit.quarantine`];
  const names = [...coreTables.map((table) => sqlName(prefix, table)), ...audit];
  return Promise.all(names.map((name) => one(`select count(*) from ${name}.snapshots`)));
}

test(`batch by batch gives what a rebuild gives, and what a recount by hand gives (seed ${seed})`, async () => {
  await proveHistories(spark, "prop", { seed, count: historyCount, batches });
});

test("a second run over the same input writes nothing at all", async () => {
  await spark.createLake("noop");
  await spark.appendBronze("noop", onPartition([edit(), edit()]));
  expect(await spark.run({ prefix: "noop", runId: "noop-1", flags: coreFlags })).toEqual({ exit: 0 });
  const before = await snapshots("noop");
  expect(await spark.run({ prefix: "noop", runId: "noop-2", flags: coreFlags })).toEqual({ exit: 0 });
  // Compaction moves bronze's head without a new row.
  await spark.sql(
    "call lake.system.rewrite_data_files(table => 'noop_bronze.raw_events', options => map('rewrite-all', 'true'))",
  );
  expect(await spark.run({ prefix: "noop", runId: "noop-3", flags: coreFlags })).toEqual({ exit: 0 });
  expect(await snapshots("noop")).toEqual(before);
});

test("a copy that arrives second and was first on Kafka wins; the hour is counted again", async () => {
  await spark.createLake("late");
  const event = edit({ user: "Second", kafka_timestamp: "2026-11-20T10:00:05.000", length_new: 2000 });
  await spark.appendBronze("late", onPartition([event, edit({ user: "Other" })], 10));
  expect(await spark.run({ prefix: "late", runId: "late-1", flags: coreFlags })).toEqual({ exit: 0 });
  const first = { ...event, user: "First", kafka_timestamp: "2026-11-20T10:00:04.000", length_new: 1500 };
  const loser = { ...event, user: "Third", kafka_timestamp: "2026-11-20T10:00:06.000" };
  await spark.appendBronze("late", onPartition([first, loser], 12));
  expect(await spark.run({ prefix: "late", runId: "late-2", flags: coreFlags })).toEqual({ exit: 0 });
  const rows = await spark.sql(`select user_normalized, length_new from ${silver("late")} order by 1`);
  expect(rows).toEqual([
    { user_normalized: "First", length_new: 1500 },
    { user_normalized: "Other", length_new: 1100 },
  ]);
  expect(await spark.sql(`select total_events, bytes_added from ${gold("late")}`)).toEqual([
    { total_events: 2, bytes_added: 600 },
  ]);
  // One changed row: the new copy and nothing around it.
  expect(
    await one(
      `select count(*) from ${silver("late")} where silver_processed_at = (select max(silver_processed_at) from ${silver("late")})`,
    ),
  ).toBe(1);
});

test("when the consumed snapshot has expired, the touched days are read again and nothing doubles", async () => {
  await spark.createLake("gone");
  for (const number of [0, 1]) {
    await spark.appendBronze("gone", onPartition([edit(), edit(), edit()], number * 3));
    if (number === 0)
      expect(await spark.run({ prefix: "gone", runId: "gone-0", flags: coreFlags })).toEqual({ exit: 0 });
  }
  await spark.sql(
    "call lake.system.expire_snapshots(table => 'gone_bronze.raw_events', older_than => timestamp '2999-01-01', retain_last => 1)",
  );
  expect(await spark.run({ prefix: "gone", runId: "gone-1", flags: coreFlags })).toEqual({ exit: 0 });
  expect(await one(`select count(*) from ${silver("gone")}`)).toBe(6);
  expect(await one(`select sum(total_events) from ${gold("gone")}`)).toBe(6);
});

test("killed at every boundary, run after run, it ends where an undisturbed run would", async () => {
  await spark.createLake("kill");
  await spark.appendBronze("kill", onPartition([edit(), edit({ revision_new: null })]));
  for (const [number, crashAt] of boundaries.entries()) {
    expect(await spark.run({ prefix: "kill", runId: `kill-${number}`, crashAt, flags: coreFlags })).toEqual({
      killed: crashAt,
    });
    const isPublished = number >= boundaries.indexOf("silver_published");
    if (number > 1) expect(await one(`select count(*) from ${silver("kill")}`)).toBe(isPublished ? 1 : 0);
  }
  expect(await spark.run({ prefix: "kill", runId: "kill-last", flags: coreFlags })).toEqual({ exit: 0 });
  expect(await one(`select count(*) from ${silver("kill")}`)).toBe(1);
  expect(await one(`select sum(total_events) from ${gold("kill")}`)).toBe(1);
  expect(await one("select count(*) from lake.kill_dq_audit.quarantine")).toBe(1);
  for (const table of coreTables) {
    expect(await spark.sql(`select name from ${sqlName("kill", table)}.refs where name <> 'main'`)).toEqual([]);
  }
});
