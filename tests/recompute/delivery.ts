import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import type { EventRow } from "../../lib/core/bronze-row.ts";
import { partitionOf } from "../../lib/core/murmur2.ts";
import { recordHeaders } from "../../lib/core/record-headers.ts";
import { writeStageFile } from "../../lib/lake/parquet-stage.ts";
import { judgeRecord } from "../../lib/steps/judge-record.ts";
import { toEventRow } from "../../lib/steps/to-bronze-row.ts";
import { createEventModel, defaultModel } from "../../local/source/event-model.ts";
import { randomOf } from "../../local/source/random.ts";
import { rawEventsColumns } from "../../schemas/tables/columns.ts";

export type SimulatedSpan = {
  readonly seed: string;
  readonly rate: number;
  readonly from: string;
  readonly seconds: number;
};
export type DeliveryPlan = {
  readonly folder: string;
  /** NDJSON, gzipped; delivered with the first batch. */
  readonly file?: string;
  /** Oldest first. */
  readonly spans: readonly SimulatedSpan[];
  /** The simulated events are cut into this many parts, a cycle each. */
  readonly batches: number;
};

/** Where everything lies. `raw` and `records` have line N of the one for line N of the other. */
export type Delivery = {
  readonly raw: string;
  readonly records: string;
  /** One folder of Parquet a batch: what the bronze writer would have committed by then. */
  readonly batches: readonly string[];
  readonly events: number;
  readonly deliveries: number;
};

/** How often the delivery is disturbed: enough for every rule about late and doubled rows to count hundreds of rows. */
const lateShare = 0.004;
const doubledShare = 0.01;
const lateAtMostS = 20 * 3600;
const partitions = 12;
/** Rows a Parquet file: as a writer's. */
const fileRows = 10_000;

type Line = { readonly text: string; readonly eventMs: number; readonly key: string };
type Sent = Line & { readonly brokerMs: number; readonly processedMs: number };

/**
 * Writes the raw lines, the record of each delivery and the bronze rows that the judge and the writer's own steps make of
 * them. Some lines come hours late, some twice: in the same batch or a later one, the copy sometimes with the older time.
 */
export async function deliver(plan: DeliveryPlan): Promise<Delivery> {
  await mkdir(plan.folder, { recursive: true });
  const raw = createWriteStream(join(plan.folder, "raw.ndjson"));
  const records = createWriteStream(join(plan.folder, "records.csv"));
  records.write("kafka_partition,kafka_offset,kafka_ms,ingested_ms,processed_ms\n");
  const offsets = new Array<number>(partitions).fill(0);
  const folders: string[] = [];
  let events = 0;
  let deliveries = 0;
  const batchesOfLines = spanLines(plan);
  batchesOfLines[0]?.unshift(...(plan.file === undefined ? [] : await linesOfFile(plan.file)));
  const sent = batchesOfLines.map((): Sent[] => []);
  batchesOfLines.forEach((lines, batch) => {
    events += lines.length;
    const random = randomOf("delivery", batch);
    for (const line of lines)
      for (const [to, one] of deliveriesOf(line, batch, sent.length, random)) sent[to]?.push(one);
  });
  for (const [batch, lines] of sent.entries()) {
    const folder = join(plan.folder, `batch-${batch}`);
    await mkdir(folder, { recursive: true });
    folders.push(folder);
    lines.sort((one, other) => one.processedMs - other.processedMs);
    for (let from = 0; from < lines.length; from += fileRows) {
      const rows = lines.slice(from, from + fileRows).map((line) => {
        const partition = partitionOf(Buffer.from(line.key), partitions);
        const offset = offsets[partition] ?? 0;
        offsets[partition] = offset + 1;
        const ingestedMs = line.brokerMs - 40;
        raw.write(`${line.text}\n`);
        records.write(`${[partition, offset, line.brokerMs, ingestedMs, line.processedMs].join(",")}\n`);
        return bronzeRow(line, partition, offset, ingestedMs);
      });
      deliveries += rows.length;
      const bytes = writeStageFile({
        columns: rawEventsColumns,
        rows,
        constants: { batch_id: `b${batch}` },
        metadata: {},
      });
      await writeFile(join(folder, `${String(from).padStart(8, "0")}.parquet`), bytes);
    }
  }
  await Promise.all([finished(raw.end()), finished(records.end())]);
  return {
    raw: join(plan.folder, "raw.ndjson"),
    records: join(plan.folder, "records.csv"),
    batches: folders,
    events,
    deliveries,
  };
}

function bronzeRow(line: Sent, partition: number, offset: number, ingestedMs: number): EventRow {
  const value = Buffer.from(line.text);
  const verdict = judgeRecord(value, { sourceKind: "replay", nowMs: line.processedMs, canary: "reject" });
  if (verdict.kind !== "accepted") throw new Error(`a line of the input was not accepted: ${line.text.slice(0, 300)}`);
  const headers = { [recordHeaders.sourceKind]: "replay", [recordHeaders.ingestedAt]: String(ingestedMs) };
  const record = { topic: "raw-events", partition, offset, timestampMs: line.brokerMs, value, headers };
  return toEventRow(record, verdict, line.processedMs);
}

type Delivered = readonly [batch: number, line: Sent];

function deliveriesOf(line: Line, batch: number, batches: number, random: ReturnType<typeof randomOf>): Delivered[] {
  const isLate = random.chance(lateShare);
  const delayMs = isLate ? 1000 * random.int(lateAtMostS) : 0;
  const brokerMs = line.eventMs + 300 + random.int(2000);
  const first: Sent = {
    ...line,
    brokerMs: brokerMs + delayMs,
    processedMs: brokerMs + delayMs + 5000 + random.int(15_000),
  };
  const to = isLate && random.chance(0.5) ? Math.min(batch + 1, batches - 1) : batch;
  if (!random.chance(doubledShare)) return [[to, first]];
  // The winner is the copy with the older broker time: it may be the one that comes second.
  const copyMs = first.brokerMs + (random.int(3) - 1) * 700;
  const copy: Sent = { ...first, brokerMs: copyMs, processedMs: first.processedMs + 60_000 };
  return [
    [to, first],
    [Math.min(to + random.int(2), batches - 1), copy],
  ];
}

async function linesOfFile(file: string): Promise<Line[]> {
  const text = gunzipSync(await readFile(file)).toString("utf8");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [lineOf(line)]));
}

/** Batch by batch, in the order of the feed. Canaries stay out: the shim drops them. */
function spanLines({ spans, batches }: DeliveryPlan): Line[][] {
  const lines = spans.flatMap(({ seed, rate, from, seconds }) => {
    const model = createEventModel(defaultModel(seed, rate));
    const first = Date.parse(from) / 1000;
    const events = Array.from({ length: seconds }, (_, second) => model.eventsOf(first + second)).flat();
    return events.flatMap(({ eventId, data }) => (eventId === undefined ? [] : [lineOf(data)]));
  });
  const size = Math.ceil(lines.length / batches);
  return Array.from({ length: batches }, (_, batch) => lines.slice(batch * size, (batch + 1) * size));
}

/** The same minutes of the eight days before: what is usual can only be told from a week. */
export function weekBefore(main: SimulatedSpan, seconds: number): readonly SimulatedSpan[] {
  const dayMs = 86_400_000;
  const from = (daysBefore: number): string => new Date(Date.parse(main.from) - daysBefore * dayMs).toISOString();
  return Array.from({ length: 8 }, (_, index) => ({ ...main, from: from(8 - index), seconds }));
}

function lineOf(text: string): Line {
  // as: lines of our own model and of the recorded file; the judge looks at each again
  const { meta, wiki, title } = JSON.parse(text) as { meta: { dt: string }; wiki: string; title: string };
  return { text, eventMs: Date.parse(meta.dt), key: `${wiki}:${title}` };
}
