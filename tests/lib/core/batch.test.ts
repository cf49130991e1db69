import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  type BatchEntry,
  batchIdPattern,
  countBatch,
  halves,
  identifyBatch,
  offsetRanges,
  splitByTablePartitions,
  tablePartition,
} from "../../../lib/core/batch.ts";
import type { KafkaRecord } from "../../../lib/core/kafka-record.ts";
import { event, record, rowOf } from "../lake/fixtures.ts";

const recordArb: fc.Arbitrary<KafkaRecord> = fc
  .record({
    partition: fc.nat(3),
    offset: fc.nat(50),
    timestampMs: fc.nat(10_000),
    value: fc.uint8Array({ maxLength: 20 }),
  })
  .map((fields) => ({ topic: "raw-events", headers: {}, ...fields }));
const recordsArb = fc.uniqueArray(recordArb, {
  minLength: 1,
  maxLength: 30,
  selector: ({ partition, offset }) => `${partition}/${offset}`,
});

describe("a batch's identity", () => {
  test("is the same in whatever order the records come", () => {
    fc.assert(
      fc.property(recordsArb, fc.infiniteStream(fc.nat()), (records, order) => {
        const shuffled = records.map((of) => ({ of, at: order.next().value })).sort((a, b) => a.at - b.at);
        expect(
          identifyBatch(
            shuffled.map(({ of }) => of),
            "1",
          ),
        ).toBe(identifyBatch(records, "1"));
      }),
    );
  });

  test("is another for other bytes, another cut, another judge, another broker time", () => {
    const records = [record("aa"), record("b", { offset: 1 })];
    const ids = [
      identifyBatch(records, "1"),
      identifyBatch(records, "2"),
      identifyBatch(records.slice(0, 1), "1"),
      identifyBatch([record("a"), record("ab", { offset: 1 })], "1"),
      identifyBatch([record("aa", { timestampMs: 5 }), record("b", { offset: 1 })], "1"),
      identifyBatch(
        records.map((of) => ({ ...of, topic: "other" })),
        "1",
      ),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(batchIdPattern);
  });
});

test("offset ranges span the first and last offset of each partition", () => {
  const at = (partition: number, offset: number) => ({ partition, offset });
  expect(offsetRanges([at(2, 7), at(0, 3), at(2, 4), at(0, 9)])).toEqual([
    { partition: 0, first: 3, last: 9 },
    { partition: 2, first: 4, last: 7 },
  ]);
});

const entriesArb: fc.Arbitrary<readonly BatchEntry[]> = fc
  .array(fc.record({ hour: fc.nat(600), isBad: fc.boolean() }), { maxLength: 120 })
  .map((list) =>
    list.map(({ hour, isBad }, offset) => {
      const dt = new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
      const of = record(isBad ? "{" : event({ meta: { id: `e${offset}`, dt } }), { offset });
      return { record: of, row: rowOf(of) };
    }),
  );

describe("cutting a batch", () => {
  test("by table partitions keeps every entry once and no part above the limit", () => {
    fc.assert(
      fc.property(entriesArb, fc.integer({ min: 1, max: 20 }), (entries, limit) => {
        const parts = splitByTablePartitions(entries, limit);
        expect(
          parts
            .flat()
            .map(({ record: of }) => of.offset)
            .sort((a, b) => a - b),
        ).toEqual(entries.map(({ record: of }) => of.offset));
        for (const part of parts) {
          const names = new Set(
            part.filter(({ row }) => row.row_kind === "event").map(({ row }) => tablePartition(row)),
          );
          expect(names.size).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  test("in halves keeps every entry once, and ends at one record", () => {
    fc.assert(
      fc.property(entriesArb, (entries) => {
        const [first, second] = halves(entries);
        expect([...first, ...second]).toHaveLength(entries.length);
        expect(Math.abs(first.length - second.length)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("counts in = accepted + rejected", () => {
    fc.assert(
      fc.property(entriesArb, (entries) => {
        const { records, accepted, rejected } = countBatch(entries);
        expect(records).toBe(entries.length);
        expect(accepted + rejected).toBe(records);
      }),
    );
  });
});
