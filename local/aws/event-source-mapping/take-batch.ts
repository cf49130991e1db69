import { maxSyncPayloadBytes } from "../lambda/invocation.ts";
import type { EncodedRecord } from "./kafka-record.ts";
import type { PartitionQueue } from "./partition-queue.ts";

/** Room for what stands around the records: source, addresses, one key per partition (at most 1,000 of 260 bytes). */
const envelopeBytes = 4096;
/** Records of one event together, as encoded. */
export const maxEventBytes = maxSyncPayloadBytes - envelopeBytes;

/** One partition's part of a batch. */
export type TakenRecords = { readonly queue: PartitionQueue; readonly records: readonly EncodedRecord[] };

/**
 * Takes one batch over a poller's idle partitions, longest waiting first. Each gives what fits, so that a backlog of few
 * partitions leaves the others free for the next batch.
 */
export function takeBatch(
  ready: readonly PartitionQueue[],
  batchSize: number,
  nextTurn: () => number,
): readonly TakenRecords[] {
  const taken: TakenRecords[] = [];
  let count = batchSize;
  let bytes = maxEventBytes;
  for (const queue of ready.toSorted((a, b) => a.turn - b.turn)) {
    if (count <= 0) break;
    const before = queue.bytes;
    const records = queue.take(count, bytes, taken.length === 0, nextTurn());
    if (records.length === 0) break;
    taken.push({ queue, records });
    count -= records.length;
    bytes -= before - queue.bytes;
  }
  return taken;
}
