import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type DeliveryPort,
  type DeliveryRules,
  deliverBatch,
  type InvokeOutcome,
} from "../../../../local/aws/event-source-mapping/deliver-batch.ts";
import type { FailedBatch } from "../../../../local/aws/event-source-mapping/failure-record.ts";
import type { Batch, EncodedRecord } from "../../../../local/aws/event-source-mapping/kafka-record.ts";

const record = (partition: number, offset: number, timestampMs = 0): EncodedRecord => ({
  topic: "t",
  partition,
  offset,
  timestampMs,
  json: `{"p":${partition},"o":${offset}}`,
});

const rules: DeliveryRules = {
  maximumRetryAttempts: -1,
  maximumRecordAgeMs: -1,
  bisectOnError: false,
  readsReply: true,
};

type Observed = { readonly settled: EncodedRecord[]; readonly givenUp: FailedBatch[]; readonly sent: Batch[] };

function portOf(answer: (batch: Batch, call: number) => InvokeOutcome, now = () => 0): DeliveryPort & Observed {
  const settled: EncodedRecord[] = [];
  const givenUp: FailedBatch[] = [];
  const sent: Batch[] = [];
  return {
    settled,
    givenUp,
    sent,
    invoke: async (batch) => {
      sent.push(batch);
      return answer(batch, sent.length);
    },
    settle: async (records) => void settled.push(...records),
    giveUp: async (failed) => void givenUp.push(failed),
    backOff: async () => {},
    now,
    isStopping: () => false,
    onEvent: () => {},
  };
}

const answered = (value: unknown): InvokeOutcome => ({
  kind: "answered",
  payload: JSON.stringify(value),
  requestId: "r",
});
const failed: InvokeOutcome = { kind: "function-error", payload: "{}", requestId: "r" };
const failing = (...records: readonly EncodedRecord[]): InvokeOutcome =>
  answered({
    batchItemFailures: records.map(({ partition, offset }) => ({
      itemIdentifier: { partition: `t-${partition}`, offset },
    })),
  });

const offsets = (batch: Batch, partition = 0): number[] =>
  batch.filter((one) => one.partition === partition).map(({ offset }) => offset);

/** What a function does to one delivery. */
type Behaviour =
  | { readonly kind: "ok" | "throws" | "throttled" | "too-large" | "unknown-identifier" }
  | { readonly kind: "fails-some"; readonly picks: readonly number[] };
const behaviours = fc.infiniteStream<Behaviour>(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("ok" as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("throws" as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("throttled" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("too-large" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("unknown-identifier" as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("fails-some" as const),
        picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      }),
    },
  ),
);

const batches = fc
  .array(fc.record({ partition: fc.nat(3), gap: fc.integer({ min: 1, max: 3 }), timestampMs: fc.nat(100) }), {
    minLength: 1,
    maxLength: 24,
  })
  .map((entries) => {
    const next = new Map<number, number>();
    return entries.map(({ partition, gap, timestampMs }) => {
      const offset = (next.get(partition) ?? 0) + gap;
      next.set(partition, offset);
      return record(partition, offset, timestampMs);
    });
  });

const someRules = fc.record({
  maximumRetryAttempts: fc.constantFrom(-1, 0, 1, 3),
  maximumRecordAgeMs: fc.constantFrom(-1, 50),
  bisectOnError: fc.boolean(),
  readsReply: fc.constant(true),
});

describe("a batch, whatever the function does to it,", () => {
  test("is settled record by record in order, none skipped, none twice", async () => {
    await fc.assert(
      fc.asyncProperty(batches, someRules, behaviours, fc.nat(200), async (batch, given, stream, now) => {
        const acknowledged = new Set<EncodedRecord>();
        const behaviour = stream[Symbol.iterator]();
        const port = portOf(
          (sent, call) => {
            // In the end the function works, or an endless retry would never be over.
            const next: Behaviour = call > 60 ? { kind: "ok" } : (behaviour.next().value ?? { kind: "ok" });
            if (next.kind === "throws") return failed;
            if (next.kind === "throttled") return { kind: "not-run", reason: "429" };
            if (next.kind === "too-large") return { kind: "too-large" };
            if (next.kind === "unknown-identifier") return failing(record(99, 1));
            const picked =
              next.kind !== "fails-some" ? [] : next.picks.flatMap((pick) => sent[pick % sent.length] ?? []);
            for (const one of sent) {
              const isBelow = picked.every((pick) => pick.partition !== one.partition || one.offset < pick.offset);
              if (isBelow) acknowledged.add(one);
            }
            return failing(...picked);
          },
          () => now,
        );
        expect(await deliverBatch(batch, given, port)).toBe("settled");
        expect(new Set(port.settled).size).toBe(port.settled.length);
        for (const partition of [0, 1, 2, 3]) {
          expect(offsets(port.settled, partition)).toEqual(offsets(batch, partition));
        }
        const handedOver = new Set(port.givenUp.flatMap(({ batch: lost }) => lost));
        for (const one of batch) expect(acknowledged.has(one) || handedOver.has(one)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

describe("a batch", () => {
  const three = [record(0, 1), record(0, 2), record(0, 3)];

  test("is delivered once when the function answers null, nothing or no failures", async () => {
    for (const answer of [null, {}, { batchItemFailures: [] }, { batchItemFailures: null }]) {
      const port = portOf(() => answered(answer));
      await deliverBatch(three, rules, port);
      expect(port.sent).toEqual([three]);
      expect(port.settled).toEqual(three);
    }
  });

  test("comes again from the lowest failed offset of each partition", async () => {
    const mixed = [record(0, 1), record(1, 7), record(0, 2), record(1, 8), record(0, 3)];
    const port = portOf((_, call) => (call === 1 ? failing(record(0, 3), record(0, 2)) : answered(null)));
    await deliverBatch(mixed, rules, port);
    expect(port.sent[1]).toEqual([record(0, 2), record(0, 3)]);
    expect(port.settled).toEqual([record(0, 1), record(1, 7), record(1, 8), record(0, 2), record(0, 3)]);
  });

  test.each([
    ["an offset that was not delivered", { batchItemFailures: [{ itemIdentifier: { partition: "t-0", offset: 9 } }] }],
    ["an identifier as text", { batchItemFailures: [{ itemIdentifier: "t-0-2" }] }],
    ["a bad key", { batchItemFailures: [{ id: { partition: "t-0", offset: 2 } }] }],
    ["an answer that is no object", "done"],
  ])("comes again as a whole after %s", async (_, answer) => {
    const port = portOf((_batch, call) => answered(call === 1 ? answer : null));
    await deliverBatch(three, { ...rules, bisectOnError: true }, port);
    expect(port.sent).toEqual([three, three]);
  });

  test("whose answer nobody asked for succeeds whatever it says", async () => {
    const port = portOf(() => failing(record(0, 2)));
    await deliverBatch(three, { ...rules, readsReply: false }, port);
    expect(port.settled).toEqual(three);
  });

  test("goes to the destination when its retries are used up, and is settled then", async () => {
    const port = portOf(() => failed);
    await deliverBatch(three, { ...rules, maximumRetryAttempts: 2 }, port);
    expect(port.sent).toHaveLength(3);
    expect(port.givenUp).toEqual([{ batch: three, condition: "RetriesExhausted", invokeCount: 3, requestId: "r" }]);
    expect(port.settled).toEqual(three);
  });

  test("is not given up for throttles", async () => {
    const port = portOf((_, call) => (call < 20 ? { kind: "not-run", reason: "429" } : answered(null)));
    await deliverBatch(three, { ...rules, maximumRetryAttempts: 0 }, port);
    expect(port.givenUp).toEqual([]);
  });

  test("is halved in stages down to the record that fails", async () => {
    const eight = Array.from({ length: 8 }, (_, index) => record(0, index));
    const port = portOf((batch) => (offsets(batch).includes(5) ? failed : answered(null)));
    await deliverBatch(eight, { ...rules, bisectOnError: true, maximumRetryAttempts: 1 }, port);
    expect(port.sent.map((batch) => offsets(batch))).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [4, 5],
      [4],
      [5],
      [5],
      [6, 7],
    ]);
    expect(port.givenUp.map(({ batch }) => offsets(batch))).toEqual([[5]]);
    expect(offsets(port.settled)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("loses its too old head to the destination before it is delivered", async () => {
    const aged = [record(0, 1, 0), record(0, 2, 900), record(0, 3, 0), record(1, 1, 0)];
    const port = portOf(
      () => answered(null),
      () => 1000,
    );
    await deliverBatch(aged, { ...rules, maximumRecordAgeMs: 500 }, port);
    expect(port.givenUp).toMatchObject([{ condition: "RecordAgeExceeded", batch: [record(0, 1, 0), record(1, 1, 0)] }]);
    expect(port.sent.map((batch) => offsets(batch))).toEqual([[2, 3]]);
  });

  test("with one record above the limit of an invocation gives up that record only", async () => {
    const port = portOf((batch) => (offsets(batch).includes(2) ? { kind: "too-large" } : answered(null)));
    await deliverBatch(three, rules, port);
    expect(port.givenUp).toMatchObject([{ condition: "MaximumPayloadSizeExceeded", batch: [record(0, 2)] }]);
    expect(offsets(port.settled)).toEqual([1, 2, 3]);
  });

  test("is left untouched when the mapping stops", async () => {
    const port = portOf(() => failed);
    expect(await deliverBatch(three, rules, { ...port, isStopping: () => port.sent.length > 1 })).toBe("abandoned");
    expect(port.settled).toEqual([]);
  });
});
