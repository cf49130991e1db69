/**
 * The whole path on the real engines: event → queryable in bronze (commit time of the row's snapshot minus its arrival at
 * the shim) at 35 and 350 events/s, catch-up of queued events, memory of all processes together.
 * `node bin/node24.mjs bench/lake.ts [--quick]`: 1 minute and 24,000 events instead of 10 minutes and 100,000.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import type { Source } from "../local/run/choose-source.ts";
import { type LocalLake, startLake } from "../local/run/start-lake.ts";
import { createEventModel, defaultModel } from "../local/source/event-model.ts";
import { packageStage } from "../scripts/package.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });
const freshnessMinutes = values.quick ? 1 : 10;
const backlogEvents = values.quick ? 24_000 : 100_000;

async function withLake(
  source: Source,
  rate: number | undefined,
  use: (lake: LocalLake) => Promise<void>,
): Promise<void> {
  const stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-bench-"));
  const lake = await startLake({
    stateDir,
    source,
    once: true,
    rate,
    overrides: { parameters: {}, shim: source.kind === "sim" ? { SOURCE_START: new Date().toISOString() } : {} },
    signal: new AbortController().signal,
    progress: () => {},
    packageStage,
  });
  try {
    await use(lake);
  } finally {
    await lake.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** One statement asked of Trino itself: the hidden columns below are none of Athena's. */
async function trino(lake: LocalLake, sql: string): Promise<unknown[][]> {
  const headers = { "x-trino-user": "bench", "x-trino-catalog": "lake", "x-trino-schema": "wikilake_local_bronze" };
  // Trino's statement protocol: rows come in pages until there is no next address.
  type Page = { data?: unknown[][]; error?: { message: string }; nextUri?: string };
  const rows: unknown[][] = [];
  const read = async (url: string, init?: RequestInit): Promise<Page> =>
    (await fetch(url, init)).json() as Promise<Page>;
  let page = await read(`${lake.engines.trino.url}/v1/statement`, { method: "POST", body: sql, headers });
  for (;;) {
    if (page.error) throw new Error(page.error.message);
    rows.push(...(page.data ?? []));
    if (!page.nextUri) return rows;
    page = await read(page.nextUri);
  }
}

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
  await withLake({ kind: "sim", sourceKind: "live" }, rate, async (lake) => {
    await delay(30_000); // the engines' first statements compile themselves
    const start = new Date().toISOString().replace("T", " ").slice(0, 19);
    let peakMiB = 0;
    for (const endMs = Date.now() + freshnessMinutes * 60_000; Date.now() < endMs; await delay(5000)) {
      peakMiB = Math.max(peakMiB, await lake.memoryMiB());
    }
    await delay(40_000);
    const [row = []] = await trino(lake, freshnessSql.replace("%START%", start));
    const commits = await trino(lake, 'select count(*) from "raw_events$snapshots"');
    const [rows, ...seconds] = row.map(Number);
    const figures = seconds.map((value) => value.toFixed(1)).join(" / ");
    console.log(
      `freshness at ${rate}/s for ${freshnessMinutes} min: ${rows} rows, p50 / p95 / p99 / max ${figures} s, ${commits[0]?.[0]} commits, peak ${peakMiB} MiB`,
    );
  });
}

/** A file of simulated events, as many as asked for. */
function backlogFile(folder: string): string {
  const model = createEventModel({ ...defaultModel("bench", 1000), canarySeconds: 0 });
  const lines: string[] = [];
  for (let second = 1_790_000_000; lines.length < backlogEvents; second += 1)
    lines.push(...model.eventsOf(second).map(({ data }) => data));
  const file = path.join(folder, "backlog.ndjson.gz");
  writeFileSync(file, gzipSync(`${lines.slice(0, backlogEvents).join("\n")}\n`));
  return file;
}

async function catchUp(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "wikilake-backlog-"));
  const url = pathToFileURL(backlogFile(folder)).href;
  const startedMs = Date.now();
  await withLake({ kind: "file", url, sourceKind: "replay" }, undefined, async (lake) => {
    const mapping = lake.cloud.mappings.kafka().find(({ topic }) => topic === "raw-events");
    if (!mapping) throw new Error("no raw-events mapping");
    await lake.cloud.mappings.setEnabled(mapping.uuid, false);
    const source = await lake.sourceFinished;
    const queued = (await lake.lag())["raw-events"] ?? 0;
    console.log(
      `queued ${queued} of ${source.accepted} events ${((Date.now() - startedMs) / 1000).toFixed(0)} s after the start`,
    );
    const fromMs = performance.now();
    await lake.cloud.mappings.setEnabled(mapping.uuid, true);
    let peakMiB = 0;
    while (((await lake.lag())["raw-events"] ?? 1) > 0) {
      peakMiB = Math.max(peakMiB, await lake.memoryMiB());
      await delay(500);
    }
    const seconds = (performance.now() - fromMs) / 1000;
    const [[rows] = []] = await trino(lake, "select count(*) from raw_events");
    console.log(
      `catch-up: ${queued} queued events committed in ${seconds.toFixed(1)} s = ${(queued / seconds).toFixed(0)}/s (${rows} rows), peak ${peakMiB} MiB`,
    );
  });
  rmSync(folder, { recursive: true, force: true });
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  "catch-up": catchUp,
  "freshness-35": () => freshness(35),
  "freshness-350": () => freshness(350),
};
for (const [name, run] of Object.entries(parts)) if (values.only === undefined || values.only === name) await run();
