import type { Clock } from "../platform/clock.ts";
import type { Headers, OutRecord, RecordWriter } from "./ports.ts";

/** kafkajs groups the messages of one send in quadratic time: 5,000 take a few ms, 50,000 take 17 s. */
export const maxBatchRecords = 5_000;
/**
 * Bytes of one batch before compression. Brokers take 1 MiB a batch by default, compressed or not: staying below
 * whatever the ratio means that only a single record can ever be too large.
 */
export const maxBatchBytes = 900_000;
/** What a record costs besides key and value: its headers and the framing. */
const recordOverheadBytes = 600;

/** A record on its way and whatever its owner wants back with it. */
type QueuedRecord<Owner> = { readonly record: OutRecord; readonly owner: Owner; readonly bytes: number };

export type SendQueueOptions<Owner> = {
  readonly writer: RecordWriter;
  readonly clock: Clock;
  /** How long the first record of a batch waits for company, when the partition is idle. */
  readonly lingerMs: number;
  /** Above this there is no room. */
  readonly maxBufferedBytes: number;
  /** Headers that the last record of a batch gets at the moment of sending. */
  readonly stamp: () => Headers;
  /** All in-sync replicas have the record. */
  readonly onAcked: (owner: Owner) => void;
  /** The broker takes no record of this size. */
  readonly onRefused: (owner: Owner) => void;
  /** Called once, when a send failed: its outcome is unknown, nothing is sent any more, the process must stop. */
  readonly onFailed: (error: unknown) => void;
};

type Lane<Owner> = {
  readonly topic: string;
  readonly partition: number;
  queue: QueuedRecord<Owner>[];
  isBusy: boolean;
};

/**
 * Queues records by partition and sends each partition's in order, one batch in flight. Anything else loses records
 * with kafkajs 2.2.4 when a leader moves.
 */
export class SendQueue<Owner> {
  readonly #options: SendQueueOptions<Owner>;
  readonly #lanes = new Map<string, Lane<Owner>>();
  #bufferedBytes = 0;
  #queued = 0;
  #isDraining = false;
  #hasFailed = false;
  #roomWaiters: (() => void)[] = [];
  #drainWaiters: (() => void)[] = [];

  constructor(options: SendQueueOptions<Owner>) {
    this.#options = options;
  }

  /** Bytes of records that are not acknowledged yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  add(topic: string, partition: number, record: OutRecord, owner: Owner): void {
    if (this.#hasFailed) return;
    const lane = this.#laneOf(topic, partition);
    const bytes = sizeOf(record);
    lane.queue.push({ record, owner, bytes });
    this.#queued += 1;
    this.#bufferedBytes += bytes;
    if (lane.isBusy) return;
    lane.isBusy = true;
    void this.#runLane(lane);
  }

  /** A promise while more is buffered than allowed; also resolves when a send failed. */
  room(): Promise<void> | undefined {
    if (this.#hasRoom()) return undefined;
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  /** Sends what is queued without lingering; resolves when everything is acknowledged or a send failed. */
  drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#queued === 0 || this.#hasFailed) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  #laneOf(topic: string, partition: number): Lane<Owner> {
    const name = `${topic}/${partition}`;
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane: Lane<Owner> = { topic, partition, queue: [], isBusy: false };
    this.#lanes.set(name, lane);
    return lane;
  }

  /** The lane is busy from its first record until it has run empty; after a batch the next goes at once. */
  async #runLane(lane: Lane<Owner>): Promise<void> {
    try {
      if (!this.#isDraining) await this.#options.clock.sleep(this.#options.lingerMs);
      while (lane.queue.length > 0 && !this.#hasFailed) await this.#sendBatch(lane, takeBatch(lane));
    } catch (error) {
      this.#fail(error);
    } finally {
      lane.isBusy = false;
    }
  }

  async #sendBatch(lane: Lane<Owner>, batch: readonly QueuedRecord<Owner>[]): Promise<void> {
    const records = batch.map(({ record }) => record);
    const stamp = this.#options.stamp();
    const result = await this.#options.writer.send(lane.topic, lane.partition, { records, stamp });
    if (this.#hasFailed) return;
    if (result.kind === "acked") return this.#finish(batch, this.#options.onAcked);
    if (batch.length === 1) return this.#finish(batch, this.#options.onRefused);
    const middle = Math.ceil(batch.length / 2);
    await this.#sendBatch(lane, batch.slice(0, middle));
    await this.#sendBatch(lane, batch.slice(middle));
  }

  #finish(batch: readonly QueuedRecord<Owner>[], tell: (owner: Owner) => void): void {
    for (const item of batch) {
      tell(item.owner);
      this.#bufferedBytes -= item.bytes;
      this.#queued -= 1;
    }
    if (this.#hasRoom()) for (const resolve of this.#roomWaiters.splice(0)) resolve();
    if (this.#queued === 0) for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  #hasRoom(): boolean {
    return this.#hasFailed || this.#bufferedBytes < this.#options.maxBufferedBytes;
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onFailed(error);
    for (const resolve of [...this.#roomWaiters.splice(0), ...this.#drainWaiters.splice(0)]) resolve();
  }
}

function takeBatch<Owner>(lane: Lane<Owner>): readonly QueuedRecord<Owner>[] {
  let count = 0;
  let bytes = 0;
  for (const { bytes: size } of lane.queue) {
    if (count > 0 && (count >= maxBatchRecords || bytes + size > maxBatchBytes)) break;
    count += 1;
    bytes += size;
  }
  return lane.queue.splice(0, count);
}

function sizeOf({ key, value }: OutRecord): number {
  return key.length + value.length + recordOverheadBytes;
}
