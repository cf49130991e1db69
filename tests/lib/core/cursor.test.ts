import { expect, test } from "@jest/globals";
import { createCursor } from "../../../lib/core/cursor.ts";
import { askFrom, rewindMs } from "../../../lib/core/resume.ts";

const at = (...pairs: [string, number][]) => new Map(pairs);

test("the mark stays before the first entry that is not done, whatever is done behind it", () => {
  const cursor = createCursor(at(["a", 10]));
  const first = cursor.arrive(at(["a", 20]));
  const second = cursor.arrive(at(["a", 30]));
  cursor.settle(second);
  expect(cursor.marks()).toEqual(at(["a", 10]));
  cursor.settle(first);
  expect(cursor.marks()).toEqual(at(["a", 30]));
});

test("a topic without an event keeps its own time", () => {
  const cursor = createCursor(at(["a", 10], ["b", 4]));
  cursor.settle(cursor.arrive(at(["a", 99])));
  expect(cursor.marks()).toEqual(at(["a", 99], ["b", 4]));
});

test("a repeat is done only when its first copy is", () => {
  const cursor = createCursor(at(["a", 0]));
  const first = cursor.arrive(at(["a", 0]));
  cursor.repeat(first, at(["a", 50]));
  expect(cursor.marks()).toEqual(at(["a", 0]));
  cursor.settle(first);
  expect(cursor.marks()).toEqual(at(["a", 50]));
  cursor.repeat(first, at(["a", 60]));
  cursor.repeat(undefined, at(["a", 70]));
  expect(cursor.marks()).toEqual(at(["a", 70]));
});

test("an entry without a position blocks its topics and does not move them", () => {
  const cursor = createCursor(at(["a", 10], ["b", 5]));
  const gap = cursor.arrive(at(["a", 0], ["b", 0]));
  cursor.settle(cursor.arrive(at(["a", 40])));
  expect(cursor.marks()).toEqual(at(["a", 10], ["b", 5]));
  cursor.settle(gap);
  expect(cursor.marks()).toEqual(at(["a", 40], ["b", 5]));
  expect(cursor.waiting()).toBe(0);
});

test("after a rewind older positions do not take the mark back", () => {
  const cursor = createCursor(at(["a", 100]));
  cursor.settle(cursor.arrive(at(["a", 41])));
  expect(cursor.marks()).toEqual(at(["a", 100]));
});

test("a resume asks for each topic from its own mark, a minute back, and not before its floor", () => {
  const marks = at(["a", 1_000_000], ["b", 500_000], ["c", 700_000]);
  const floors = at(["b", 500_000], ["c", 680_000]);
  const asked = askFrom(marks, floors, ["a", "b", "c"]);
  expect(asked.at).toEqual(at(["a", 1_000_000 - rewindMs], ["b", 500_000], ["c", 680_000]));
  expect([...asked.fresh]).toEqual(["b"]);
});
