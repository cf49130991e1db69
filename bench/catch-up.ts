/**
 * Catch-up on the real engines: a lake that has run for a while, whose mapping was off and is switched on. Events a second
 * between the first tenth and the last, until 99 % are committed, and until the last one is (the rest of a partition waits
 * for the mapping's window); memory of the writers.
 * `npm run bench -- catch-up [--quick] [--cold] [--partitions N] [--events N]`: 400,000 events, 40,000 with --quick, 12
 * partitions; --cold: a lake that has committed nothing yet.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import type { LocalLake } from "../local/run/start-lake.ts";
import { trino, withLake, writersMiB } from "./support/bench-lake.ts";
import { simulatedLines } from "./support/simulated-lines.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    cold: { type: "boolean", default: false },
    partitions: { type: "string" },
    events: { type: "string" },
  },
});
const events = Number(values.events ?? (values.quick ? 40_000 : 400_000));
const RawPartitions = values.partitions ?? "12";
/** Delivered beforehand: what is measured is a lake that has run and whose writers were away for a while. */
const warmUp = values.cold ? 0 : Math.min(60_000, events / 4);
const lookMs = 250;
/** The kernel walks all pages of twelve writers for it: at each look it took a quarter of this process's time. */
const weighEveryMs = 3000;

/** A file of simulated events, as many as asked for. */
function backlogFile(folder: string): string {
  const lines = simulatedLines("bench", 1000, 1_790_000_000, warmUp + events);
  const file = path.join(folder, "backlog.ndjson.gz");
  writeFileSync(file, gzipSync(`${lines.join("\n")}\n`));
  return file;
}

type Mark = { readonly atMs: number; readonly lag: number };

/** Between the first tenth and the last: without the start, and without the rests that wait for the mapping's window. */
const sustained = (from: Mark | undefined, to: Mark | undefined): string =>
  from === undefined || to === undefined || to.atMs === from.atMs ? "?" : rate(from.lag - to.lag, to.atMs - from.atMs);

const rate = (count: number, ms: number): string => `${Math.round((count / ms) * 1000).toLocaleString("en")}/s`;

const lagOf = async (lake: LocalLake): Promise<number> => (await lake.lag())["raw-events"] ?? 0;

async function bronzeRows(lake: LocalLake): Promise<number> {
  const [[rows] = []] = await trino(lake, "select count(*) from raw_events");
  return Number(rows);
}

async function drain(lake: LocalLake, queued: number): Promise<void> {
  const fromMs = performance.now();
  let nearlyMs: number | undefined;
  let begun: Mark | undefined;
  let nearlyDone: Mark | undefined;
  let peakMiB = 0;
  let weighAtMs = 0;
  for (let lag = queued; lag > 0; lag = await lagOf(lake)) {
    const atMs = performance.now() - fromMs;
    if (lag < queued / 100) nearlyMs ??= atMs;
    if (lag <= queued * 0.9) begun ??= { atMs, lag };
    if (lag <= queued * 0.1) nearlyDone ??= { atMs, lag };
    if (atMs >= weighAtMs) {
      peakMiB = Math.max(peakMiB, writersMiB(lake) ?? 0);
      weighAtMs = atMs + weighEveryMs;
    }
    await delay(lookMs);
  }
  const wholeMs = performance.now() - fromMs;
  const [[rows, commits] = []] = await trino(
    lake,
    'select (select count(*) from raw_events), (select count(*) from "raw_events$snapshots")',
  );
  const nearly = rate(queued * 0.99, nearlyMs ?? wholeMs);
  console.log(
    `catch-up, ${RawPartitions} partitions: ${queued} queued, ${sustained(begun, nearlyDone)} in between, ${nearly} to 99 %, ${rate(queued, wholeMs)} to the last ` +
      `(${(wholeMs / 1000).toFixed(1)} s), ${rows} rows, ${commits} commits, writers ${peakMiB.toFixed(0)} MiB, ` +
      `all processes ${await lake.memoryMiB()} MiB resident`,
  );
}

const folder = mkdtempSync(path.join(tmpdir(), "wikilake-backlog-"));
const source = { kind: "file", url: pathToFileURL(backlogFile(folder)).href, sourceKind: "replay" } as const;
await withLake({ source, parameters: { RawPartitions } }, async (lake) => {
  const mapping = lake.cloud.mappings.kafka().find(({ topic }) => topic === "raw-events");
  if (!mapping) throw new Error("no raw-events mapping");
  if (warmUp > 0) while ((await bronzeRows(lake)) < warmUp) await delay(lookMs);
  await lake.cloud.mappings.setEnabled(mapping.uuid, false);
  await lake.sourceFinished;
  const queued = await lagOf(lake);
  await lake.cloud.mappings.setEnabled(mapping.uuid, true);
  await drain(lake, queued);
});
rmSync(folder, { recursive: true, force: true });
