/**
 * Catch-up on the real engines: events wait in the topic, then the mapping is switched on. Events a second until 99 % are
 * committed and until the last one is (the rest of a partition waits for the mapping's window), memory of the writers.
 * `npm run bench -- catch-up [--quick] [--partitions N] [--events N]`: 400,000 events, 40,000 with --quick, 12 partitions.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import type { LocalLake } from "../local/run/start-lake.ts";
import { createEventModel, defaultModel } from "../local/source/event-model.ts";
import { trino, withLake, writersMiB } from "./support/bench-lake.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, partitions: { type: "string" }, events: { type: "string" } },
});
const events = Number(values.events ?? (values.quick ? 40_000 : 400_000));
const RawPartitions = values.partitions ?? "12";
const lookMs = 250;

/** A file of simulated events, as many as asked for. */
function backlogFile(folder: string): string {
  const model = createEventModel({ ...defaultModel("bench", 1000), canarySeconds: 0 });
  const lines: string[] = [];
  for (let second = 1_790_000_000; lines.length < events; second += 1)
    lines.push(...model.eventsOf(second).map(({ data }) => data));
  const file = path.join(folder, "backlog.ndjson.gz");
  writeFileSync(file, gzipSync(`${lines.slice(0, events).join("\n")}\n`));
  return file;
}

const lagOf = async (lake: LocalLake): Promise<number> => (await lake.lag())["raw-events"] ?? 0;

async function drain(lake: LocalLake, queued: number): Promise<void> {
  const fromMs = performance.now();
  let nearlyMs: number | undefined;
  let peakMiB = 0;
  for (let lag = queued; lag > 0; lag = await lagOf(lake)) {
    if (lag < queued / 100) nearlyMs ??= performance.now() - fromMs;
    peakMiB = Math.max(peakMiB, writersMiB(lake) ?? 0);
    await delay(lookMs);
  }
  const wholeMs = performance.now() - fromMs;
  const rate = (count: number, ms: number): string => `${Math.round((count / ms) * 1000).toLocaleString("en")}/s`;
  const [[rows, commits] = []] = await trino(
    lake,
    'select (select count(*) from raw_events), (select count(*) from "raw_events$snapshots")',
  );
  const nearly = rate(queued * 0.99, nearlyMs ?? wholeMs);
  console.log(
    `catch-up, ${RawPartitions} partitions: ${queued} queued, ${nearly} to 99 %, ${rate(queued, wholeMs)} to the last ` +
      `(${(wholeMs / 1000).toFixed(1)} s), ${rows} rows, ${commits} commits, writers ${peakMiB.toFixed(0)} MiB, ` +
      `all processes ${await lake.memoryMiB()} MiB resident`,
  );
}

const folder = mkdtempSync(path.join(tmpdir(), "wikilake-backlog-"));
const source = { kind: "file", url: pathToFileURL(backlogFile(folder)).href, sourceKind: "replay" } as const;
await withLake({ source, parameters: { RawPartitions } }, async (lake) => {
  const mapping = lake.cloud.mappings.kafka().find(({ topic }) => topic === "raw-events");
  if (!mapping) throw new Error("no raw-events mapping");
  await lake.cloud.mappings.setEnabled(mapping.uuid, false);
  await lake.sourceFinished;
  const queued = await lagOf(lake);
  await lake.cloud.mappings.setEnabled(mapping.uuid, true);
  await drain(lake, queued);
});
rmSync(folder, { recursive: true, force: true });
