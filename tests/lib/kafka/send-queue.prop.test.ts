import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { RecordWriter } from "../../../lib/kafka/ports.ts";
import { SendQueue } from "../../../lib/kafka/send-queue.ts";
import { ManualClock } from "../../shim/manual-clock.ts";

const item = fc.record({ partition: fc.nat(3), afterMs: fc.nat(60), isTooLarge: fc.boolean().map((flag) => flag) });

test("each record is stored or refused exactly once, in order within its partition, whatever the broker's pace", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 40 }),
      fc.array(fc.nat(80), { minLength: 1, maxLength: 10 }),
      async (items, delays) => {
        const clock = new ManualClock();
        const inFlight = new Set<number>();
        const stored = new Map<number, number[]>();
        let call = 0;
        const writer: RecordWriter = {
          send: async (_topic, partition, { records }) => {
            expect(inFlight.has(partition)).toBe(false);
            inFlight.add(partition);
            await clock.sleep(delays[call++ % delays.length] ?? 0);
            inFlight.delete(partition);
            const indexes = records.map(({ value }) => Number(value.toString()));
            if (indexes.some((index) => items[index]?.isTooLarge === true)) return { kind: "too_large" };
            stored.set(partition, [...(stored.get(partition) ?? []), ...indexes]);
            return { kind: "acked" };
          },
        };
        const refused: number[] = [];
        const acked: number[] = [];
        const queue = new SendQueue<number>({
          writer,
          clock,
          lingerMs: 20,
          maxBufferedBytes: 1e9,
          stamp: () => ({}),
          onAcked: (index) => acked.push(index),
          onRefused: (index) => refused.push(index),
          onFailed: (error) => {
            throw error;
          },
        });
        for (const [index, { partition, afterMs }] of items.entries()) {
          await clock.advance(afterMs);
          const record = { key: Buffer.from("k"), value: Buffer.from(String(index)), headers: {} };
          queue.add("t", partition, record, index);
        }
        await clock.advance(100_000);
        await queue.drain();
        for (const [partition, indexes] of stored) {
          expect(indexes).toEqual(
            [...items.keys()].filter((index) => items[index]?.partition === partition && !items[index]?.isTooLarge),
          );
        }
        expect([...acked, ...refused].sort((a, b) => a - b)).toEqual([...items.keys()]);
        expect(queue.bufferedBytes).toBe(0);
      },
    ),
    { numRuns: 15 },
  );
}, 30_000);
