import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { type RunAnswer, type RunRequest, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";
import { histories } from "./histories.ts";
import { differences, sqlName, versions } from "./table-versions.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

const seed = 20_261_122;
const silver = sqlName("fill", { layer: "silver", name: "cleaned_events", notCompared: [] });
const hours = sqlName("fill", { layer: "gold", name: "hourly_stats", notCompared: [] });
// Days of the first group of histories: the others lie outside and must stay as they are.
const days = ["--from-date", "2026-01-01", "--to-date", "2026-01-02"] as const;

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

const run = (runId: string, command: RunRequest["command"], flags: readonly string[] = []): Promise<RunAnswer> =>
  spark.run({ prefix: "fill", runId, command: command ?? "cycle", flags });

const seal = async (table: string, key: string): Promise<unknown> => {
  const rows = await spark.sql(
    `select summary['wikilake.${key}'] as value from ${table}.snapshots where summary['wikilake.run-id'] is not null order by committed_at desc limit 1`,
  );
  return rows[0]?.["value"];
};

test(`days that were lost or damaged are filled again from the layer below, and the next increment goes on (seed ${seed})`, async () => {
  await spark.createLake("fill");
  const [first, second] = histories(seed, 12, 2);
  await spark.appendBronze("fill", first ?? []);
  expect(await run("fill-0", "cycle")).toEqual({ exit: 0 });
  const before = await versions(spark, "fill");
  const consumed = [await seal(silver, "input-snapshot"), await seal(silver, "next-offsets")];

  await spark.sql(`delete from ${silver} where event_date = '2026-01-01' and event_type = 'edit'`);
  await spark.sql(`update ${silver} set comment = 'damaged' where event_date = '2026-01-02'`);
  await spark.sql(`update ${hours} set total_events = total_events + 1 where stat_date = '2026-01-02'`);
  expect((await differences(spark, "fill", before, await versions(spark, "fill"))).length).toBeGreaterThan(0);

  expect(await run("fill-silver", "silver", days)).toEqual({ exit: 0 });
  expect([await seal(silver, "input-snapshot"), await seal(silver, "next-offsets")]).toEqual(consumed);
  expect(await run("fill-gold", "gold", days)).toEqual({ exit: 0 });
  expect(await differences(spark, "fill", before, await versions(spark, "fill"))).toEqual([]);

  await spark.appendBronze("fill", second ?? []);
  expect(await run("fill-1", "cycle")).toEqual({ exit: 0 });
  const incremental = await versions(spark, "fill");
  expect(await run("fill-rebuild", "cycle", ["--rebuild"])).toEqual({ exit: 0 });
  expect(await differences(spark, "fill", incremental, await versions(spark, "fill"))).toEqual([]);
});

test("rows of other days are not touched, and a range without rows changes nothing", async () => {
  const others = `select count(*) as n from ${hours} where stat_date > '2026-01-02' and gold_processed_at = (select max(gold_processed_at) from ${hours})`;
  expect(await run("fill-again", "gold", days)).toEqual({ exit: 0 });
  expect(await spark.sql(others)).toEqual([{ n: expect.any(Number) }]);
  const before = await versions(spark, "fill");
  expect(await run("fill-none", "silver", ["--from-date", "2020-01-01", "--to-date", "2020-01-04"])).toEqual({
    exit: 0,
  });
  expect(await differences(spark, "fill", before, await versions(spark, "fill"))).toEqual([]);
});
