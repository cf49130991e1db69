import { createHash } from "node:crypto";
import type { BronzeRow } from "./bronze-row.ts";
import type { KafkaRecord } from "./kafka-record.ts";
import { utcDate } from "./utc-hour.ts";

/**
 * A statement of Athena may write 100 partitions at once (101 fail). 96 is four days of hours and leaves a margin for
 * the next row that nobody thought of.
 */
export const maxTablePartitions = 96;

/** A record and the row that was made of it. */
export type BatchEntry = { readonly record: KafkaRecord; readonly row: BronzeRow };
export type OffsetRange = { readonly partition: number; readonly first: number; readonly last: number };

/** Hex sha256 that names a batch; nothing else may ever stand where a batch id goes into SQL or a key. */
export const batchIdPattern = /^[0-9a-f]{64}$/;

/**
 * The identity of a batch: hash of topic, offset ranges, the records' bytes and the judge's version. The same records
 * give the same id in whatever order and however often they are delivered; another cut of them gives another.
 */
export function identifyBatch(records: readonly KafkaRecord[], judgeVersion: string): string {
  const sorted = records.toSorted(byPosition);
  const hash = createHash("sha256");
  hash.update(JSON.stringify([judgeVersion, topicOf(records), offsetRanges(records)]));
  for (const { partition, offset, timestampMs, value } of sorted) {
    // The length frames the bytes: no two lists of records may feed the hash the same stream.
    hash.update(`\n${partition} ${offset} ${timestampMs} ${value.length}\n`);
    hash.update(value);
  }
  return hash.digest("hex");
}

/** First and last offset of each partition, by partition. Offsets between them may belong to other batches. */
export function offsetRanges(records: readonly Pick<KafkaRecord, "partition" | "offset">[]): OffsetRange[] {
  const ranges = new Map<number, { first: number; last: number }>();
  for (const { partition, offset } of records) {
    const range = ranges.get(partition);
    if (range === undefined) ranges.set(partition, { first: offset, last: offset });
    else if (offset < range.first) range.first = offset;
    else if (offset > range.last) range.last = offset;
  }
  return [...ranges].map(([partition, range]) => ({ partition, ...range })).sort((a, b) => a.partition - b.partition);
}

/** Partition of the table that a row is written to, as text: `2026-11-21/13` for events, `2026-11-21` for dead letters. */
export function tablePartition(row: BronzeRow): string {
  return row.row_kind === "event" ? `${row.event_date}/${row.event_hour}` : row.dl_date;
}

/**
 * Cuts a batch into parts of at most `limit` table partitions each. Every entry is in exactly one part. Rejected
 * entries share a day or two of broker time and go with the first part.
 */
export function splitByTablePartitions(
  entries: readonly BatchEntry[],
  limit: number = maxTablePartitions,
): (readonly BatchEntry[])[] {
  const partitions = new Set(
    entries.filter(({ row }) => row.row_kind === "event").map(({ row }) => tablePartition(row)),
  );
  if (partitions.size <= limit) return entries.length === 0 ? [] : [entries];
  const partOf = new Map([...partitions].sort().map((name, index) => [name, Math.floor(index / limit)]));
  const parts: BatchEntry[][] = Array.from({ length: Math.ceil(partitions.size / limit) }, () => []);
  for (const entry of entries) parts[partOf.get(tablePartition(entry.row)) ?? 0]?.push(entry);
  return parts;
}

/** Cuts a batch into its first and second half by position; the parts of one record are itself and nothing. */
export function halves(entries: readonly BatchEntry[]): readonly [readonly BatchEntry[], readonly BatchEntry[]] {
  const sorted = entries.toSorted((a, b) => byPosition(a.record, b.record));
  const middle = Math.ceil(sorted.length / 2);
  return [sorted.slice(0, middle), sorted.slice(middle)];
}

export type BatchCounts = { readonly records: number; readonly accepted: number; readonly rejected: number };

/** in = accepted + rejected, by construction of the entries; what is counted here is what the reconciliation must find. */
export function countBatch(entries: readonly BatchEntry[]): BatchCounts {
  const accepted = entries.reduce((sum, { row }) => sum + (row.row_kind === "event" ? 1 : 0), 0);
  return { records: entries.length, accepted, rejected: entries.length - accepted };
}

/** UTC dates of the records' broker times, sorted: where dead letters of these records would lie. */
export function brokerDates(records: readonly KafkaRecord[]): string[] {
  return [...new Set(records.map(({ timestampMs }) => utcDate(timestampMs)))].sort();
}

function topicOf(records: readonly KafkaRecord[]): string {
  return records[0]?.topic ?? "";
}

function byPosition(a: KafkaRecord, b: KafkaRecord): number {
  return a.partition - b.partition || a.offset - b.offset;
}
