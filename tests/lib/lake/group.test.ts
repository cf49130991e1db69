import { describe, expect, test } from "@jest/globals";
import { type CommitPolicy, commitPolicy } from "../../../lib/lake/commit-policy.ts";
import { chooseGroup, overlap } from "../../../lib/lake/group.ts";
import type { PendingBatch } from "../../../lib/lake/pending.ts";
import { facts, nowMs, pending } from "./fixtures.ts";

const idle = { suspects: [], strikes: 0, last: null, quarantined: [], committedAt: {} };
const id = (digit: string): string => digit.repeat(64);

/** A batch of offsets first…last of partition 0. */
function batch(digit: string, first: number, last: number, over: Partial<PendingBatch> = {}, rows = 10): PendingBatch {
  const table = over.table ?? "raw_events";
  const tables = { [table]: { rows, partitions: ["2026-11-21/11"] } };
  return pending({ ...over, facts: facts({ id: id(digit), ranges: [{ partition: 0, first, last }], tables }) });
}

const choose = (
  batches: readonly PendingBatch[],
  state = {},
  policy: Partial<CommitPolicy> = {},
): string[] | undefined =>
  chooseGroup(batches, { ...idle, ...state }, nowMs, { ...commitPolicy, ...policy })?.map(
    ({ facts: of }) => of.id[0] ?? "",
  );

describe("two batches overlap", () => {
  const ranges = (first: number, last: number, partition = 0) => facts({ ranges: [{ partition, first, last }] });
  test.each([
    [ranges(0, 9), ranges(9, 12), true],
    [ranges(0, 9), ranges(3, 4), true],
    [ranges(0, 9), ranges(10, 19), false],
    [ranges(0, 9), ranges(0, 9, 1), false],
    [ranges(0, 9), { ...ranges(0, 9), topic: "dlq-events" }, false],
  ])("case %#", (a, b, expected) => {
    expect(overlap(a, b)).toBe(expected);
    expect(overlap(b, a)).toBe(expected);
  });
});

describe("the group of the next epoch", () => {
  test("takes the oldest first and leaves out what overlaps one that is in", () => {
    const whole = batch("a", 0, 19, { sinceMs: nowMs - 1 });
    const half = batch("b", 0, 9);
    const next = batch("c", 20, 29);
    expect(choose([half, next, whole])).toEqual(["a", "c"]);
  });

  test("is of one table, that of the oldest marker", () => {
    const dead = batch("a", 0, 9, { table: "dead_letter", sinceMs: nowMs - 5 });
    expect(choose([batch("b", 10, 19), dead])).toEqual(["a"]);
  });

  test("waits ten seconds from the table's last commit, the other table's does not count", () => {
    const state = { committedAt: { raw_events: nowMs - 9_999 } };
    expect(choose([batch("a", 0, 9)], state)).toBeUndefined();
    expect(choose([batch("a", 0, 9), batch("b", 0, 9, { table: "dead_letter" })], state)).toEqual(["b"]);
    expect(choose([batch("a", 0, 9)], { committedAt: { raw_events: nowMs - 10_000 } })).toEqual(["a"]);
  });

  test("does not wait when 5,000 rows are pending", () => {
    const state = { committedAt: { raw_events: nowMs } };
    expect(choose([batch("a", 0, 9, {}, 3000), batch("b", 10, 19, {}, 1999)], state)).toBeUndefined();
    expect(choose([batch("a", 0, 9, {}, 3000), batch("b", 10, 19, {}, 2000)], state)).toEqual(["a", "b"]);
  });

  test("waits a moment after an epoch until as many new batches are pending as that one had", () => {
    const endedAgo = (ms: number, batches = 2) => ({ committedAt: {}, last: { atMs: nowMs - ms, batches } });
    const rows = (count: number) => [batch("a", 0, 9, { sinceMs: 0 }, count)];
    expect(choose(rows(1), endedAgo(1_499))).toBeUndefined();
    expect(choose(rows(1), endedAgo(1_500))).toEqual(["a"]);
    expect(choose(rows(5_000), endedAgo(1_499))).toBeUndefined();
    expect(choose(rows(5_000), endedAgo(1_500))).toEqual(["a"]);
    const back = (...digits: string[]) =>
      digits.map((digit, index) => batch(digit, 10 * index, 10 * index + 9, { sinceMs: nowMs }));
    expect(choose(back("b", "c"), endedAgo(100))).toEqual(["b", "c"]);
  });

  test("takes what was left behind by an epoch together with what comes back from it", () => {
    const state = { committedAt: {}, last: { atMs: nowMs - 1_200, batches: 2 } };
    const left = ["a", "b", "c"].map((digit, index) =>
      batch(digit, 10 * index, 10 * index + 9, { sinceMs: nowMs - 2_300 }),
    );
    const back = ["d", "e"].map((digit, index) =>
      batch(digit, 100 * index + 100, 100 * index + 109, { sinceMs: nowMs }),
    );
    expect(choose([...left, ...back.slice(1)], state)).toBeUndefined();
    expect(choose([...left, ...back], state)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("waits for no more than a statement takes", () => {
    const state = { committedAt: {}, last: { atMs: nowMs - 1_200, batches: 2 } };
    const left = ["a", "b"].map((digit, index) => batch(digit, 10 * index, 10 * index + 9, { sinceMs: nowMs - 2_300 }));
    expect(choose(left, state, { maxBatches: 3 })).toBeUndefined();
    expect(choose(left, state, { maxBatches: 2 })).toEqual(["a", "b"]);
  });

  test("waits as long after the oldest marker, so that pollers that came together once stay together", () => {
    const state = { committedAt: {}, last: { atMs: nowMs - 9_000, batches: 2 } };
    const since = (ms: number) => batch("a", 0, 9, { sinceMs: nowMs - ms });
    expect(choose([since(1_499)], state)).toBeUndefined();
    expect(choose([since(1_500)], state)).toEqual(["a"]);
    expect(choose([since(1), batch("b", 10, 19, { sinceMs: nowMs })], state)).toEqual(["a", "b"]);
  });

  test("believes no marker from ahead of its clock", () => {
    const state = { committedAt: {}, last: { atMs: nowMs - 9_000, batches: 2 } };
    expect(choose([batch("a", 0, 9, { sinceMs: nowMs + 3_600_000 })], state)).toEqual(["a"]);
  });

  test("does not hold up what was behind when it was staged for the interval", () => {
    const state = { committedAt: { raw_events: nowMs }, last: { atMs: nowMs - 1_500, batches: 1 } };
    const behind = (ms: number) => [
      pending({ facts: facts({ brokerToMs: nowMs - ms, stagedAtMs: nowMs, id: "a".repeat(64) }) }),
    ];
    expect(choose(behind(29_999), state)).toBeUndefined();
    expect(choose(behind(30_000), state)).toEqual(["a"]);
  });

  test("does not wait for company with what is suspected", () => {
    const a = batch("a", 0, 9, {}, 9);
    const state = { suspects: [a.marker], committedAt: {}, last: { atMs: nowMs, batches: 12 } };
    expect(choose([a], state)).toEqual(["a"]);
  });

  test("touches no more table partitions than a statement may", () => {
    const hours = (day: number) => Array.from({ length: 24 }, (_, hour) => `2026-11-${day}/${hour}`);
    const wide = ["1", "2", "3", "4", "5"].map((digit, index) => {
      const tables = { raw_events: { rows: 1, partitions: hours(10 + index) } };
      return pending({ facts: facts({ id: id(digit), ranges: [{ partition: index, first: 0, last: 9 }], tables }) });
    });
    expect(choose(wide)).toEqual(["1", "2", "3", "4"]);
  });

  test("takes half of the suspects, alone, at once, until one is left", () => {
    const batches = ["a", "b", "c"].map((digit, index) => batch(digit, index * 10, index * 10 + 9));
    const suspects = batches.map(({ marker }) => marker);
    const other = batch("d", 90, 99, { sinceMs: 0 });
    const state = { suspects, committedAt: { raw_events: nowMs } };
    expect(choose([other, ...batches], state)).toEqual(["a", "b"]);
    expect(choose([other, ...batches], { ...state, suspects: suspects.slice(0, 1) })).toEqual(["a"]);
  });

  test("waits a moment before it tries one again that has failed alone, and lets nothing else go before", () => {
    const batches = [batch("a", 0, 9), batch("b", 10, 19)];
    const state = { suspects: [batches[0]?.marker ?? ""], strikes: 1, last: { atMs: nowMs - 9_999, batches: 1 } };
    expect(choose(batches, state)).toBeUndefined();
    expect(choose(batches, { ...state, last: { atMs: nowMs - 10_000, batches: 1 } })).toEqual(["a"]);
    expect(choose(batches.slice(1), state)).toEqual(["b"]);
  });

  test("never takes what is quarantined, and forgets suspects whose markers are gone", () => {
    const a = batch("a", 0, 9);
    expect(choose([a], { quarantined: [a.marker] })).toBeUndefined();
    expect(choose([batch("b", 10, 19)], { suspects: [a.marker] })).toEqual(["b"]);
  });
});
