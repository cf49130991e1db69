import { expect } from "@jest/globals";
import type { SparkHarness } from "./harness/spark-harness.ts";
import { goldTotals, histories, recount, winners } from "./histories.ts";
import { differences, versions } from "./table-versions.ts";

export type Histories = {
  readonly seed: number;
  /** They lie side by side in one lake. */
  readonly count: number;
  readonly batches: number;
};

/**
 * Delivers the histories batch by batch, a cycle after each, then rebuilds every table: row for row the same. Silver also
 * holds the copy that must win of each event, and hours hold what a count by hand gives.
 */
export async function proveHistories(spark: SparkHarness, prefix: string, given: Histories): Promise<void> {
  await spark.createLake(prefix);
  const delivered = histories(given.seed, given.count, given.batches);
  for (const [number, rows] of delivered.entries()) {
    await spark.appendBronze(prefix, rows);
    expect(await spark.run({ prefix, runId: `${prefix}-${number}` })).toEqual({ exit: 0 });
  }
  const expected = winners(delivered.flat());
  const stored = await spark.sql(
    `select event_id, comment, kafka_partition, kafka_offset from lake.${prefix}_silver.cleaned_events`,
  );
  expect(stored).toHaveLength(expected.size);
  for (const row of stored) {
    const { comment, kafka_partition, kafka_offset } = expected.get(String(row["event_id"])) ?? {};
    expect(row).toMatchObject({ comment, kafka_partition, kafka_offset });
  }
  const hours = (await spark.sql(`select * from lake.${prefix}_gold.hourly_stats`)).map(goldTotals);
  expect(new Map(hours)).toEqual(recount(expected.values()));

  const before = await versions(spark, prefix);
  expect(await spark.run({ prefix, runId: `${prefix}-rebuild`, flags: ["--rebuild"] })).toEqual({ exit: 0 });
  const after = await versions(spark, prefix);
  for (const [table, version] of before)
    expect([table, after.get(table) === version]).toEqual([table, version === undefined]);
  expect(await differences(spark, prefix, before, after)).toEqual([]);
}
