import type { Headers, OutRecord, RecordWriter, TailReader } from "../../lib/kafka/ports.ts";
import { stampLast } from "../../lib/kafka/record-set.ts";
import type { Clock } from "../../lib/platform/clock.ts";

export type Stored = {
  readonly topic: string;
  readonly partition: number;
  readonly record: OutRecord;
  /** Of its whole batch. */
  readonly stamp: Headers;
};

/** What the broker does with one send: `lost_ack` stores the batch and fails all the same. */
export type Fate = "acked" | "failed" | "lost_ack" | "too_large";

/** Topics in memory. They outlive a shim, as Kafka does. */
export class FakeKafka {
  readonly log: Stored[] = [];
  readonly #clock: Clock;
  fate: (topic: string, records: readonly OutRecord[]) => Fate = () => "acked";
  delayMs: () => number = () => 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A writer of one process: after `isDead` nothing of it reaches the broker. */
  writer(isDead: () => boolean = () => false): RecordWriter {
    return {
      send: async (topic, partition, batch) => {
        const { stamp } = batch;
        const records = stampLast(batch);
        const fate = this.fate(topic, records);
        await this.#clock.sleep(this.delayMs());
        if (isDead()) return new Promise(() => undefined);
        if (fate === "too_large") return { kind: "too_large" };
        if (fate !== "failed") for (const record of records) this.log.push({ topic, partition, record, stamp });
        if (fate !== "acked") throw new Error(`send ${fate}`);
        return { kind: "acked" };
      },
    };
  }

  tails: TailReader = {
    newestHeaders: async (topics, header) => {
      const newest = new Map<string, string | undefined>();
      for (const { topic, partition, record } of this.log) {
        if (topics.includes(topic)) newest.set(`${topic}/${partition}`, record.headers[header]);
      }
      return [...newest.values()].filter((value) => value !== undefined);
    },
  };

  of(topic: string): readonly OutRecord[] {
    return this.log.filter((stored) => stored.topic === topic).map(({ record }) => record);
  }

  json(topic: string): readonly Record<string, unknown>[] {
    return this.of(topic).map(({ value }) => JSON.parse(value.toString()));
  }
}
