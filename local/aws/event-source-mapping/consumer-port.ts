import type { KafkaRecord } from "./kafka-record.ts";
import type { StartingPosition } from "./mapping-config.ts";

/** One member of the mapping's consumer group. */
export type ConsumerPort = {
  start(listener: ConsumerListener): Promise<void>;
  /** Leaves the group. Nothing is committed by it. */
  stop(): Promise<void>;
  pause(partition: number): void;
  resume(partition: number): void;
  /** The next fetch of the partition starts at `offset`. */
  seek(partition: number, offset: number): void;
  /** `next` is the offset to read next. Rejects when the group has moved on or the broker is away. */
  commit(offsets: readonly { readonly partition: number; readonly next: number }[]): Promise<void>;
  lag(): Promise<readonly PartitionLag[]>;
};

export type ConsumerListener = {
  /** After each join: all partitions that this member owns now. Fetching starts again from the committed offsets. */
  onAssigned(partitions: readonly number[]): void;
  onRecords(partition: number, records: readonly KafkaRecord[]): void;
  /** The consumer has stopped by itself and is being started again. */
  onFailure(message: string): void;
};

/**
 * `committed` is the offset to read next, undefined before the first commit; `start` is the oldest the broker still has,
 * `end` that of the next record written.
 */
export type PartitionLag = {
  readonly partition: number;
  readonly committed: number | undefined;
  readonly start: number;
  readonly end: number;
  readonly lag: number;
};

export type ConsumerOptions = {
  readonly topic: string;
  readonly groupId: string;
  readonly startingPosition: StartingPosition;
};

export type CreateConsumer = (options: ConsumerOptions) => ConsumerPort;
