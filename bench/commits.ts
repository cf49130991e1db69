/**
 * Two hours of commits by the bronze writer itself, one straight after the other instead of one in ten seconds: what the
 * last sixty cost beside the first, and how large the table's metadata has become.
 * `npm run bench -- commits [--quick] [--commits N] [--rows N]`: 720 commits of 350 rows (35 events/s); --quick: 60.
 */
import { parseArgs } from "node:util";
import { HeadObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { readConfig } from "../handlers/bronze-writer/config.ts";
import { type BronzeWriterDeps, createDeps } from "../handlers/bronze-writer/deps.ts";
import { writeBronze } from "../handlers/bronze-writer/write-bronze.ts";
import { createLogger } from "../lib/platform/logger.ts";
import { createMetrics } from "../lib/platform/metrics.ts";
import type { LocalLake } from "../local/run/start-lake.ts";
import { trino, withLake } from "./support/bench-lake.ts";
import { median } from "./support/median.ts";
import { simulatedLines } from "./support/simulated-lines.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    commits: { type: "string" },
    rows: { type: "string" },
  },
});
const commits = Number(values.commits ?? (values.quick ? 60 : 720));
const rowsOfOne = Number(values.rows ?? 350);
/** Commits that are summed up in one line: ten minutes of them. */
const lineOf = 60;
/** Far above what the lake's own shim reaches meanwhile. */
const firstOffset = 1_000_000_000;
const commitDeadlineMs = 60_000;
/** Each commit has two seconds of events to itself, the last one those of now. */
const firstSecond = Math.floor(Date.now() / 1000) - 2 * commits;

/** What the mapping would hand over: as many events of the simulator as come in one interval, in one partition. */
function payload(commit: number) {
  const timestamp = Date.now();
  const records = simulatedLines("commits", rowsOfOne, firstSecond + 2 * commit, rowsOfOne).map((event, index) => ({
    topic: "raw-events",
    partition: 0,
    offset: firstOffset + commit * rowsOfOne + index,
    timestamp,
    value: Buffer.from(event).toString("base64"),
    headers: [],
  }));
  return { records: { "raw-events-0": records } };
}

/** Where an object lies, as Iceberg writes addresses: s3://bucket/key. */
function locate(address: string): { Bucket: string; Key: string } {
  const { hostname, pathname } = new URL(address);
  return { Bucket: hostname, Key: pathname.slice(1) };
}

/** Bytes of the newest metadata file, and of all that lies beside it. */
async function weighMetadata(lake: LocalLake, s3: S3Client): Promise<string> {
  const [[newest] = []] = await trino(
    lake,
    'select file from "raw_events$metadata_log_entries" order by timestamp desc limit 1',
  );
  const { Bucket, Key } = locate(String(newest));
  const { ContentLength = 0 } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  const [[manifests] = []] = await trino(lake, 'select count(*) from "raw_events$manifests"');
  const [[snapshots] = []] = await trino(lake, 'select count(*) from "raw_events$snapshots"');
  let [objects, bytes] = [0, 0];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: Key.replace(/[^/]*$/, "") })) {
    for (const { Size = 0 } of page.Contents ?? []) [objects, bytes] = [objects + 1, bytes + Size];
  }
  const inMiB = (size: number): string => `${(size / 2 ** 20).toFixed(2)} MiB`;
  return `${snapshots} snapshots, ${manifests} manifests, metadata.json ${inMiB(ContentLength)}, all metadata ${objects} objects ${inMiB(bytes)}`;
}

/** The writer's own, without the wait between two commits and without its log. */
function writerDeps(environment: Readonly<Record<string, string>>): BronzeWriterDeps {
  const deps = createDeps(readConfig(environment));
  const silent = { write: () => undefined };
  return {
    ...deps,
    log: createLogger(silent),
    metrics: createMetrics({ dimensions: {}, ...silent }),
    onStaged: () => undefined,
    onEpoch: () => undefined,
    policy: { ...deps.policy, commitIntervalMs: 0 },
  };
}

await withLake({ source: { kind: "sim", sourceKind: "live" }, rate: 1 }, async (lake) => {
  // The lake's own writer would share the slot.
  for (const { uuid } of lake.cloud.mappings.kafka()) await lake.cloud.mappings.setEnabled(uuid, false);
  const writer = lake.cloud.lambda.list().find(({ handler }) => handler.startsWith("handlers/bronze-writer/"));
  if (!writer) throw new Error("no bronze-writer");
  Object.assign(process.env, lake.cloud.operatorEnvironment);
  const deps = writerDeps(writer.environment);
  const s3 = new S3Client({});
  let taken: number[] = [];
  for (let commit = 1; commit <= commits; commit += 1) {
    const event = payload(commit);
    const startedMs = performance.now();
    const { batchItemFailures } = await writeBronze(deps, event, Date.now() + commitDeadlineMs);
    if (batchItemFailures.length > 0) throw new Error(`commit ${commit} did not succeed`);
    taken.push(performance.now() - startedMs);
    if (commit % lineOf > 0 && commit < commits) continue;
    console.log(`${commit} commits: ${Math.round(median(taken))} ms each (median); ${await weighMetadata(lake, s3)}`);
    taken = [];
  }
});
