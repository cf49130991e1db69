import { z } from "zod";
import type { KafkaRecord } from "./kafka-record.ts";
import { recordHeaders } from "./record-headers.ts";

/*
 * What an event-source mapping for MSK sends and takes:
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */

type MskRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** Base64; absent for a record without value. */
  readonly value?: string | null;
  /** One-key objects whose values are bytes, signed or not. */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[];
};

/** By hand: thousands of records of a batch cost 3 µs each when a schema looked at them, a twentieth of all the work. */
function isMskRecord(candidate: unknown): candidate is MskRecord {
  if (typeof candidate !== "object" || candidate === null) return false;
  const { topic, partition, offset, timestamp, value, headers } = candidate as Partial<
    Record<keyof MskRecord, unknown>
  >; // as: looked at below
  return (
    typeof topic === "string" &&
    Number.isSafeInteger(partition) &&
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(timestamp) &&
    (value === undefined || value === null || typeof value === "string") &&
    (headers === undefined || (Array.isArray(headers) && headers.every(isHeader)))
  );
}

const isHeader = (header: unknown): boolean =>
  typeof header === "object" && header !== null && Object.values(header).every(Array.isArray);

export const mskEventSchema = z.looseObject({
  eventSource: z.string().optional(),
  records: z.record(z.string(), z.array(z.custom<MskRecord>(isMskRecord, "no Kafka record"))),
});
export type MskEvent = z.infer<typeof mskEventSchema>;

/** What the writers read. The others are for people and for the shim; the cursor alone is longer than both. */
const wanted: ReadonlySet<string> = new Set([recordHeaders.sourceKind, recordHeaders.ingestedAt]);

/** All records of an event, in order within each partition. Throws ZodError on another shape. */
export function parseMskEvent(event: unknown): KafkaRecord[] {
  const { records } = mskEventSchema.parse(event);
  return Object.values(records).flatMap((list) => list.map(toRecord));
}

function toRecord({ topic, partition, offset, timestamp, value, headers }: MskRecord): KafkaRecord {
  return {
    topic,
    partition,
    offset,
    timestampMs: timestamp,
    value: Buffer.from(value ?? "", "base64"),
    headers: decodeHeaders(headers ?? []),
  };
}

/** Negative bytes wrap as two's complement. */
function decodeHeaders(headers: NonNullable<MskRecord["headers"]>): Record<string, string> {
  const decoded: Record<string, string> = {};
  for (const header of headers) {
    for (const name in header) if (wanted.has(name)) decoded[name] = Buffer.from(header[name] ?? []).toString("utf8");
  }
  return decoded;
}

/** The object form: with a plain string as identifier Lambda retries the whole batch. */
export type PartialFailures = {
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number };
  }[];
};

/** Of each partition the first offset that must come again; nothing failed is an empty list, which acknowledges all. */
export function partialFailures(
  failed: readonly Pick<KafkaRecord, "topic" | "partition" | "offset">[],
): PartialFailures {
  const first = new Map<string, number>();
  for (const { topic, partition, offset } of failed) {
    const name = `${topic}-${partition}`;
    first.set(name, Math.min(offset, first.get(name) ?? Number.POSITIVE_INFINITY));
  }
  return {
    batchItemFailures: [...first].map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
  };
}
