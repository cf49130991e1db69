import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, jest, test } from "@jest/globals";
import { boundaries } from "./boundaries.ts";
import { coreFlags } from "./core-tables.ts";
import { edit, onPartition } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// Ten sessions, each with a cycle or a part of one.
jest.setTimeout(1_800_000);

async function withSession(lakeFolder: string, use: (spark: SparkHarness) => Promise<void>): Promise<void> {
  const spark = await startSparkHarness({ lakeFolder });
  try {
    await use(spark);
  } finally {
    await spark.close();
  }
}

/** What silver and gold show of the bronze rows; every number is of published data. */
const accountSql = `
  select
    (select count(*) from lake.kill_bronze.raw_events) as bronze,
    (select count(*) from lake.kill_bronze.raw_events) - (select count(distinct event_id) from lake.kill_bronze.raw_events) as duplicates,
    (select count(*) from lake.kill_silver.cleaned_events) as silver,
    (select count(distinct row_key) from lake.kill_dq_audit.quarantine) as quarantined,
    (select coalesce(sum(total_events), 0) from lake.kill_gold.hourly_stats) as gold`;

test("a process killed at every boundary loses nothing and doubles nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "wikilake-kill-"));
  try {
    const event = edit();
    await withSession(folder, async (spark) => {
      await spark.createLake("kill");
      const rows = [
        event,
        { ...event, kafka_timestamp: "2026-11-20T10:00:09.000" },
        edit(),
        edit({ revision_new: null }),
      ];
      await spark.appendBronze("kill", onPartition(rows));
    });
    for (const [number, kill_at] of boundaries.entries()) {
      await withSession(folder, async (spark) => {
        const request = { prefix: "kill", runId: `kill-${number}`, flags: coreFlags, extra: { kill_at } };
        await expect(spark.run(request)).rejects.toThrow("the Spark harness ended");
      });
    }
    await withSession(folder, async (spark) => {
      expect(await spark.run({ prefix: "kill", runId: "kill-last", flags: coreFlags })).toEqual({ exit: 0 });
      const [account] = (await spark.sql(accountSql)) as readonly Row[]; // the harness's own shape
      expect(account).toEqual({ bronze: 4, duplicates: 1, silver: 2, quarantined: 1, gold: 2 });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
