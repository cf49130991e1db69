/**
 * Event → queryable in bronze on the real engines: commit time of the row's snapshot minus its arrival at the shim, at 35
 * and at 350 events/s, with the number of commits and the memory of all processes together.
 * `npm run bench -- freshness [--quick]`: one minute each instead of ten; `--rate N` one rate, `--minutes N`.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { trino, withLake } from "./support/bench-lake.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, rate: { type: "string" }, minutes: { type: "string" } },
});
const minutes = Number(values.minutes ?? (values.quick ? 1 : 10));
const rates = values.rate === undefined ? [35, 350] : [Number(values.rate)];
/** The engines' first statements compile themselves. */
const warmUpMs = 30_000;
/** What was sent last must be committed. */
const settleMs = 40_000;

const freshnessSql = `
  with row_ages as (
    select to_unixtime(s.committed_at) - to_unixtime(with_timezone(r.producer_ingested_at, 'UTC')) as age
    from raw_events r
    join "raw_events$all_entries" e on e.data_file.file_path = r."$path" and e.status = 1
    join "raw_events$snapshots" s on s.snapshot_id = e.snapshot_id
    where r.producer_ingested_at > timestamp '%START%'
  )
  select count(*), approx_percentile(age, 0.5), approx_percentile(age, 0.95), approx_percentile(age, 0.99), max(age) from row_ages`;

async function freshness(rate: number): Promise<void> {
  await withLake({ source: { kind: "sim", sourceKind: "live" }, rate }, async (lake) => {
    await delay(warmUpMs);
    const start = new Date().toISOString().replace("T", " ").slice(0, 19);
    let peakMiB = 0;
    for (const endMs = Date.now() + minutes * 60_000; Date.now() < endMs; await delay(5000)) {
      peakMiB = Math.max(peakMiB, await lake.memoryMiB());
    }
    await delay(settleMs);
    const [row = []] = await trino(lake, freshnessSql.replace("%START%", start));
    const commits = await trino(lake, 'select count(*) from "raw_events$snapshots"');
    const [rows, ...seconds] = row.map(Number);
    const figures = seconds.map((value) => value.toFixed(1)).join(" / ");
    console.log(
      `freshness at ${rate}/s for ${minutes} min: ${rows} rows, p50 / p95 / p99 / max ${figures} s, ${commits[0]?.[0]} commits, peak ${peakMiB} MiB`,
    );
  });
}

for (const rate of rates) await freshness(rate);
