import { type EncodedRecord, sizeOf } from "./kafka-record.ts";

/**
 * What is fetched of one partition and not yet delivered. Lives from assignment to loss: a batch that outlives its
 * partition's assignment finds `isLost` and leaves the offsets alone.
 */
export type PartitionQueue = {
  readonly partition: number;
  /** Part of a batch that is not settled: nothing else of this partition may be delivered. */
  isBusy: boolean;
  isLost: boolean;
  isPaused: boolean;
  /** Fetched records are stale until the consumer was moved back to `doneBelow`. */
  awaitsSeek: boolean;
  /** Everything below is settled; undefined until something was. */
  doneBelow: number | undefined;
  /** `doneBelow` is not committed: the last commit failed. */
  hasUncommitted: boolean;
  /** Rises with each arrival and each take of the mapping: the partition with the lowest has waited longest. */
  turn: number;
  bytes: number;
  push(records: readonly EncodedRecord[], turn: number, nowMs: number): void;
  /** When the record at the head was fetched; undefined for an empty queue. */
  arrivedMs(): number | undefined;
  /** Removes up to `count` records of at most `bytes` together from the head. A first record is always given. */
  take(count: number, bytes: number, isFirst: boolean, turn: number): EncodedRecord[];
  clear(): void;
  length(): number;
};

/** An empty queue of a newly assigned partition. */
export function createPartitionQueue(partition: number): PartitionQueue {
  let records: EncodedRecord[] = [];
  let head = 0;
  /** When each of `records` was fetched, ms. */
  let arrivals: number[] = [];
  const compact = (): void => {
    records = records.slice(head);
    arrivals = arrivals.slice(head);
    head = 0;
  };
  const queue: PartitionQueue = {
    partition,
    isBusy: false,
    isLost: false,
    isPaused: false,
    awaitsSeek: false,
    doneBelow: undefined,
    hasUncommitted: false,
    turn: 0,
    bytes: 0,
    push: (added, turn, nowMs) => {
      if (queue.length() === 0) queue.turn = turn;
      for (const record of added) {
        records.push(record);
        arrivals.push(nowMs);
        queue.bytes += sizeOf(record);
      }
    },
    take: (count, bytes, isFirst, turn) => {
      const taken: EncodedRecord[] = [];
      let left = bytes;
      for (let next = records[head]; next !== undefined && taken.length < count; next = records[head]) {
        const size = sizeOf(next);
        if (size > left && !(isFirst && taken.length === 0)) break;
        left -= size;
        queue.bytes -= size;
        taken.push(next);
        head += 1;
      }
      compact();
      queue.turn = turn;
      return taken;
    },
    arrivedMs: () => arrivals[head],
    clear: () => {
      records = [];
      arrivals = [];
      head = 0;
      queue.bytes = 0;
    },
    length: () => records.length - head,
  };
  return queue;
}
