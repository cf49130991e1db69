// Events a second of the shim's whole own work: SSE bytes → frames → judge → record → queue → Kafka's encoding → gzip,
// and the cursor back. Only the sockets are missing. CPU time of all threads counts, so the figure is for one core.
// Run: node bin/node24.mjs bench/shim.ts
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { gunzipSync } from "node:zlib";
import kafkajs from "kafkajs";
import { installPackedBatches, sendPacked } from "../lib/kafka/packed-batches.ts";
import type { RecordWriter } from "../lib/kafka/ports.ts";
import { systemClock } from "../lib/platform/clock.ts";
import { createFrameReader } from "../lib/sse/frame-reader.ts";
import { Ingest } from "../shim/ingest.ts";
import { Stats } from "../shim/stats.ts";

const rounds = 8;
const chunkBytes = 65_536;
const partitionCount = 12;
const topic = "eqiad.mediawiki.recentchange";
const file = new URL("../../shared/data/recentchange_2016-06-27.ndjson.gz", import.meta.url);

/** The client's own encoder of a produce request: what `send` does before it writes to the socket. */
type ProduceRequest = (options: object) => { encode(): Promise<{ buffer: Buffer }> };
const encodeProduce: ProduceRequest = createRequire(import.meta.url)(
  "kafkajs/src/protocol/requests/produce/v7/request",
);

const sent = { bytes: 0, batches: 0 };
installPackedBatches();
const writer: RecordWriter = {
  send: (name, partition, batch) =>
    sendPacked(batch, partition, async (messages) => {
      const { buffer } = await encodeProduce({
        acks: -1,
        timeout: 30_000,
        compression: kafkajs.CompressionTypes.GZIP,
        topicData: [{ topic: name, partitions: [{ partition, firstSequence: 0, messages }] }],
      }).encode();
      sent.bytes += buffer.length;
      sent.batches += 1;
      return { kind: "acked" };
    }),
};

function toStream(lines: readonly string[]): Buffer {
  const frames = lines.map((line, index) => {
    const id = JSON.stringify([
      { topic, partition: 0, timestamp: 1_466_985_611_000 + index },
      { topic: "codfw", partition: 0, offset: -1 },
    ]);
    return `event: message\nid: ${id}\ndata: ${line}\n\n`;
  });
  return Buffer.from(frames.join(""), "utf8");
}

async function runOnce(stream: Buffer): Promise<{ events: number; wallMs: number; cpuMs: number }> {
  const stats = new Stats(systemClock, { put: () => undefined });
  const fail = (error: unknown): never => {
    throw error;
  };
  const ingest = new Ingest({
    context: { sourceKind: "replay", shimEpoch: "bench", keyMode: "page" },
    topics: { raw: "raw-events", dlq: "dlq-events", ops: "ops-events" },
    partitions: new Map([["raw-events", partitionCount]]),
    sourceTopics: [topic],
    marks: new Map([[topic, 0]]),
    filter: undefined,
    queue: { writer, lingerMs: 50, maxBufferedBytes: 32 * 1_048_576, onFailed: fail },
    clock: systemClock,
    stats,
  });
  const reader = createFrameReader({
    frame: (frame) => ingest.frame(frame),
    errorFrame: () => undefined,
    endless: () => undefined,
  });
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  for (let at = 0; at < stream.length; at += chunkBytes) {
    const room = ingest.room();
    if (room !== undefined) await room;
    reader.push(stream.subarray(at, at + chunkBytes));
  }
  await ingest.drain();
  const wallMs = performance.now() - startMs;
  const cpu = process.cpuUsage(startCpu);
  return { events: stats.totals.accepted, wallMs, cpuMs: (cpu.user + cpu.system) / 1_000 };
}

/** JSON.parse alone, in between: a busy or slower machine shows in this number as well. */
function measureYardstick(texts: readonly string[]): number {
  const startCpu = process.cpuUsage();
  for (const text of texts) JSON.parse(text);
  const cpu = process.cpuUsage(startCpu);
  return Math.round((texts.length / (cpu.user + cpu.system)) * 1_000_000);
}

const lines = gunzipSync(readFileSync(file))
  .toString("utf8")
  .split("\n")
  .filter((line) => line !== "");
const stream = toStream(lines);
const results = [];
const yardsticks = [];
for (let round = 0; round < rounds; round += 1) {
  results.push(await runOnce(stream));
  yardsticks.push(measureYardstick(lines));
}
const perCore = results.map(({ events, cpuMs }) => Math.round((events / cpuMs) * 1000)).sort((a, b) => a - b);
const perWall = results.map(({ events, wallMs }) => Math.round((events / wallMs) * 1000)).sort((a, b) => a - b);
const middle = Math.floor(rounds / 2);
console.log(
  JSON.stringify({
    bench: "shim",
    events: lines.length,
    eventsPerCpuSecond: { median: perCore[middle], min: perCore[0], max: perCore.at(-1) },
    eventsPerSecond: { median: perWall[middle], min: perWall[0], max: perWall.at(-1) },
    parsePerCpuSecond: yardsticks.sort((a, b) => a - b)[middle],
    bytesPerEvent: Math.round(sent.bytes / (rounds * lines.length)),
    eventsPerBatch: Math.round((rounds * lines.length) / sent.batches),
    rssMiB: Math.round(process.memoryUsage.rss() / 1_048_576),
    node: process.version,
    cpu: cpus()[0]?.model,
  }),
);
