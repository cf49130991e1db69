import { describe, expect, test } from "@jest/globals";
import type { KafkaRecord } from "../../lib/core/kafka-record.ts";
import { type PartialFailures, parseMskEvent, partialFailures } from "../../lib/core/msk-event.ts";

/** Answers one invocation; a function that throws is the answer "failed". */
export type Handler = (event: unknown) => PartialFailures;

export type MappingUnderTest = {
  readonly topic: string;
  /** Records of three partitions. */
  readonly produce: (partition: number, values: readonly string[]) => Promise<void>;
  /** Begins to deliver; what waits already is delivered, too. */
  readonly start: (handler: Handler) => void;
  /** Resolves when everything is committed. */
  readonly drained: () => Promise<void>;
};

const partitions = [0, 1, 2];
const values = (partition: number): string[] => Array.from({ length: 9 }, (_, offset) => `${partition}:${offset}`);

/** What the writers rely on of an event-source mapping when nothing goes wrong but their own answers. */
export function mappingContract(name: string, open: () => Promise<MappingUnderTest>): void {
  /** Runs the mapping over nine records of each partition; answers what each invocation got. */
  const run = async (answer: (records: readonly KafkaRecord[], invocation: number) => readonly KafkaRecord[]) => {
    const { topic, produce, start, drained } = await open();
    const invocations: (readonly KafkaRecord[])[] = [];
    for (const partition of partitions) await produce(partition, values(partition));
    start((event) => {
      const records = parseMskEvent(event);
      invocations.push(records);
      return partialFailures(answer(records, invocations.length));
    });
    await drained();
    return { topic, invocations };
  };
  const textOf = ({ value }: KafkaRecord): string => Buffer.from(value).toString();

  describe(`${name}, as an event-source mapping`, () => {
    test("delivers each record once and in the order of its partition while all is acknowledged", async () => {
      const { topic, invocations } = await run(() => []);
      const records = invocations.flat();
      for (const partition of partitions) {
        const own = records.filter((record) => record.partition === partition);
        expect(own.map(({ offset }) => offset)).toEqual([...values(partition).keys()]);
        expect(own.map(textOf)).toEqual(values(partition));
      }
      expect(records).toHaveLength(27);
      for (const record of records) {
        expect(record).toMatchObject({ topic, headers: { source_kind: "replay" } });
        expect(record.timestampMs).toBeGreaterThan(Date.UTC(2026, 0, 1));
      }
    });

    test("delivers from the first that failed of each partition again, and nothing behind it before", async () => {
      const failing = new Set(["0:4", "2:0", "2:7"]);
      const { invocations } = await run((records) =>
        // Each of them fails when it comes for the first time.
        records.filter((record) => failing.delete(textOf(record))),
      );
      for (const partition of partitions) {
        const own = invocations.map((records) => records.filter((record) => record.partition === partition));
        const acknowledged: number[] = [];
        const wanted = new Set(["0:4", "2:0", "2:7"]);
        for (const records of own) {
          // What comes is what follows what was acknowledged.
          if (records[0] !== undefined) expect(records[0].offset).toBe(acknowledged.length);
          for (const record of records) {
            if (wanted.delete(textOf(record))) break;
            acknowledged.push(record.offset);
          }
        }
        expect(acknowledged).toEqual([...values(partition).keys()]);
      }
    });

    test("delivers the whole batch again when the function throws", async () => {
      let isFirst = true;
      const { invocations } = await run(() => {
        if (!isFirst) return [];
        isFirst = false;
        throw new Error("crash");
      });
      const places = (records: readonly KafkaRecord[] = []): string[] => records.map(textOf);
      const [first, ...later] = invocations.map(places);
      expect(first?.length).toBeGreaterThan(0);
      expect(later.flat()).toEqual(expect.arrayContaining(first ?? []));
      expect(later.flat()).toHaveLength(27);
    });
  });
}
