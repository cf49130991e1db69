import { z } from "zod";
import type { KafkaRecord } from "./kafka-record.ts";
import { recordHeaders } from "./record-headers.ts";

/*
 * What an event-source mapping for MSK sends and takes:
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 */

/** Headers are lists of one-key objects whose values are bytes, signed or not; they are looked into below, not here. */
const mskRecordSchema = z.looseObject({
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  timestamp: z.int(),
  /** Base64; absent for a record without value. */
  value: z.string().nullish(),
  headers: z.array(z.record(z.string(), z.custom<readonly number[]>(Array.isArray))).optional(),
});
export const mskEventSchema = z.looseObject({
  eventSource: z.string().optional(),
  records: z.record(z.string(), z.array(mskRecordSchema)),
});
export type MskEvent = z.infer<typeof mskEventSchema>;

const wanted: ReadonlySet<string> = new Set(
  Object.values(recordHeaders).filter((name) => name !== recordHeaders.cursor),
);

/** All records of an event, in order within each partition. Throws ZodError on another shape. */
export function parseMskEvent(event: unknown): KafkaRecord[] {
  const { records } = mskEventSchema.parse(event);
  return Object.values(records).flatMap((list) => list.map(toRecord));
}

function toRecord({
  topic,
  partition,
  offset,
  timestamp,
  value,
  headers,
}: z.infer<typeof mskRecordSchema>): KafkaRecord {
  return {
    topic,
    partition,
    offset,
    timestampMs: timestamp,
    value: Buffer.from(value ?? "", "base64"),
    headers: Object.fromEntries((headers ?? []).flatMap(decodeHeader)),
  };
}

/** The cursor is the shim's alone and the longest: it is not decoded. */
function decodeHeader(header: Readonly<Record<string, readonly number[]>>): [string, string][] {
  return Object.entries(header)
    .filter(([name]) => wanted.has(name))
    .map(([name, bytes]) => [name, Buffer.from(bytes).toString("utf8")]); // negative bytes wrap as two's complement
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
