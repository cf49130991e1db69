import { expect, test } from "@jest/globals";
import { createGapTest } from "../../../lib/core/gap-test.ts";
import { rewindMs } from "../../../lib/core/resume.ts";

const asked = (at: Record<string, number>, fresh: string[] = []) => ({
  at: new Map(Object.entries(at)),
  fresh: new Set(fresh),
});

test("a first event at the mark or before is no gap", () => {
  const gaps = createGapTest(asked({ a: 1_000 }));
  expect(gaps.first("a", 1_000 + rewindMs)).toEqual([]);
});

test("a first event behind the mark is a gap, once: a minute wider at both ends, as events are written out of order", () => {
  const gaps = createGapTest(asked({ a: 1_000 }));
  expect(gaps.first("a", 1_000 + rewindMs + 5)).toEqual([
    {
      topic: "a",
      fromMs: 1_000,
      toMs: 1_005 + 2 * rewindMs,
    },
  ]);
  expect(gaps.first("a", 9_000_000)).toEqual([]);
});

test("each topic is judged by its own time", () => {
  const gaps = createGapTest(asked({ a: 1_000_000, b: 5_000 }));
  expect(gaps.first("a", 1_000_001)).toEqual([]);
  expect(gaps.first("b", 900_000)).toEqual([{ topic: "b", fromMs: 5_000, toMs: 900_000 + rewindMs }]);
  expect(gaps.first("unknown", 900_000)).toEqual([]);
});

test("topics on a first start are judged together: the idle one may say nothing for an hour", () => {
  const gaps = createGapTest(asked({ a: 1_000, b: 1_000 }, ["a", "b"]));
  expect(gaps.first("a", 2_000)).toEqual([]);
  expect(gaps.first("b", 3_600_000)).toEqual([]);
});

test("a late first event on a first start is a gap of each topic: the one that is idle now may have had events before", () => {
  const gaps = createGapTest(asked({ a: 1_000, b: 2_000, own: 1_000 }, ["a", "b"]));
  const toMs = 90_000 + rewindMs;
  expect(gaps.first("b", 90_000)).toEqual([
    { topic: "b", fromMs: 2_000, toMs },
    { topic: "a", fromMs: 1_000, toMs },
  ]);
  expect(gaps.first("a", 3_600_000)).toEqual([]);
});
