import { KafkaError } from "../../lib/kafka/errors.ts";
import type { OutBatch, RecordWriter, TailReader } from "../../lib/kafka/ports.ts";
import { stampLast } from "../../lib/kafka/record-set.ts";
import type { Ground, SimProcess } from "./process.ts";

export type LogRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly from: string;
};

export type FakeBroker = {
  /** Every record that was ever appended, of whatever incarnation of its topic. */
  readonly history: readonly LogRecord[];
  /** Records of a partition as it stands now. */
  log(topic: string, partition: number): readonly LogRecord[];
  readonly partitions: ReadonlyMap<string, number>;
  writer(process: SimProcess): RecordWriter;
  tails(process: SimProcess): TailReader;
  /** Deletes the topic and makes it anew: offsets start at 0 again. */
  recreate(topic: string): void;
};

/** The limit for one batch of the raw topic; small, so that a world of small events meets it. */
export const maxBatchBytes = 6_000;
const tailRecords = 20;

export function createFakeBroker(
  { scheduler, plan, trace }: Ground,
  partitions: ReadonlyMap<string, number>,
  onAppend: (records: readonly LogRecord[]) => void,
): FakeBroker {
  const history: LogRecord[] = [];
  const logs = new Map<string, LogRecord[]>();
  const logOf = (topic: string, partition: number): LogRecord[] => {
    const name = `${topic}/${partition}`;
    const known = logs.get(name);
    if (known !== undefined) return known;
    const log: LogRecord[] = [];
    logs.set(name, log);
    return log;
  };
  const append = (topic: string, partition: number, batch: OutBatch, from: string): void => {
    const log = logOf(topic, partition);
    const timestampMs = scheduler.now();
    const stored = stampLast(batch).map(({ value, headers }, index) => ({
      topic,
      partition,
      offset: log.length + index,
      timestampMs,
      value,
      headers,
      from,
    }));
    log.push(...stored);
    history.push(...stored);
    onAppend(stored);
  };
  const failed = (why: string): KafkaError => new KafkaError("KAFKA_SEND_FAILED", `send: ${why}`, { retriable: false });

  return {
    history,
    partitions,
    log: logOf,
    recreate: (topic) => {
      trace(`${topic} is made anew`);
      for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition += 1)
        logs.delete(`${topic}/${partition}`);
    },
    writer: (process) => ({
      send: async (topic, partition, batch) => {
        const bytes = batch.records.reduce((sum, { value }) => sum + value.length, 0);
        const isSlow = plan.strikes("kafka.slow");
        return process.call(40, async () => {
          if (isSlow) await scheduler.sleep(plan.random("kafka.slow-ms") * 90_000);
          if (topic === "raw-events" && bytes > maxBatchBytes) return { kind: "too_large" } as const;
          if (plan.strikes("kafka.failed")) throw failed("refused");
          if (plan.strikes("kafka.late-append")) {
            void scheduler
              .sleep(plan.random("kafka.late-ms") * 30_000)
              .then(() => append(topic, partition, batch, process.name));
            throw failed("timed out");
          }
          append(topic, partition, batch, process.name);
          if (plan.strikes("kafka.ack-lost")) throw failed("connection lost");
          return { kind: "acked" } as const;
        });
      },
    }),
    tails: (process) => ({
      newestHeaders: (topics, header) =>
        process.call(500, () => {
          if (plan.strikes("kafka.tail-unreadable")) {
            throw new KafkaError("KAFKA_TAIL_UNREADABLE", "tails cannot be read", { retriable: true });
          }
          const values: string[] = [];
          for (const topic of topics) {
            for (let partition = 0; partition < (partitions.get(topic) ?? 0); partition += 1) {
              for (const { headers } of logOf(topic, partition).slice(-tailRecords)) {
                const value = headers[header];
                if (value !== undefined) values.push(value);
              }
            }
          }
          return values;
        }),
    }),
  };
}
