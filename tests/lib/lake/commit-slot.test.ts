import { describe, expect, test } from "@jest/globals";
import { commitPolicy } from "../../../lib/lake/commit-policy.ts";
import {
  announceSend,
  closeEpoch,
  mayRelease,
  newSlot,
  nextStep,
  type OpenEpoch,
  openEpoch,
  recordQuery,
  releaseMarker,
  type Slot,
  slotSchema,
  withdrawSend,
} from "../../../lib/lake/commit-slot.ts";

const at = 1_000_000;
const request = {
  sql: "INSERT",
  database: "d",
  workgroup: "w",
  output: null,
  table: "raw_events",
  markers: ["a", "b"],
  rows: 7,
};
const opened = (slot: Slot = newSlot("uuid"), over: Partial<typeof request> = {}): { slot: Slot; open: OpenEpoch } => {
  const next = openEpoch(slot, { ...request, ...over }, at, "s1");
  if (next.open === null) throw new Error("not open");
  return { slot: next, open: next.open };
};
const openOf = (slot: Slot): OpenEpoch => {
  if (slot.open === null) throw new Error("not open");
  return slot.open;
};
const step = (slot: Slot, ageMs: number, readAgoMs = 0) =>
  nextStep(slot, at + ageMs - readAgoMs, at + ageMs, commitPolicy).kind;

describe("the commit slot", () => {
  test("gives every epoch a number and a token of its own, the same for all who read it", () => {
    const first = opened();
    const second = opened(closeEpoch(first.slot, first.open, "committed", at, commitPolicy));
    expect([first.open.epoch, second.open.epoch]).toEqual([1, 2]);
    expect(second.open.token).not.toBe(first.open.token);
    expect(opened().open.token).toBe(first.open.token);
    expect(first.open.token).toMatch(/^[0-9a-f]{64}$/);
    expect(slotSchema.parse(JSON.parse(JSON.stringify(second.slot)))).toEqual(second.slot);
  });

  test("may be sent while it was read and opened a short time ago, and never later", () => {
    const { slot } = opened();
    expect(step(newSlot("u"), 0)).toBe("idle");
    expect(step(slot, 0)).toBe("send");
    expect(step(slot, 5 * 60_000 - 1)).toBe("send");
    expect(step(slot, 61_000, 60_000)).toBe("reread");
    expect(step(slot, 5 * 60_000)).toBe("wait");
    expect(step(slot, 60 * 60_000 - 1)).toBe("wait");
    expect(step(slot, 60 * 60_000)).toBe("abandon");
  });

  test("with a query's id is only polled, however old it is", () => {
    const { slot, open } = opened();
    const known = recordQuery(slot, open, "q1");
    for (const age of [0, 10 * 60_000, 120 * 60_000]) expect(step(known, age)).toBe("poll");
  });

  test("counts the table's commits by intervals, with one in reserve, and only commits", () => {
    const { slot, open } = opened();
    const commit = (of: typeof slot, ms: number) => closeEpoch(of, open, "committed", at + ms, commitPolicy);
    const first = commit(slot, 5);
    expect(first.committedAt).toEqual({ raw_events: at + 5 - 10_000 });
    const early = commit(first, 4_000);
    expect(early.committedAt).toEqual({ raw_events: at + 5 });
    expect(commit(early, 10_005).committedAt).toEqual({ raw_events: at + 10_005 });
    expect(commit(early, 4_001).committedAt).toEqual({ raw_events: at + 4_001 });
    expect(commit(early, 60_000).committedAt).toEqual({ raw_events: at + 50_000 });
    for (const outcome of ["failed-data", "failed-environment", "unknown", "unreconciled"] as const) {
      expect(closeEpoch(slot, open, outcome, at + 5, commitPolicy).committedAt).toEqual({});
    }
  });

  test("leaves the interval alone when a backlog is committed", () => {
    const { slot, open } = opened();
    const backlog = { ...open, rows: commitPolicy.rowsThatOpen };
    expect(closeEpoch(slot, backlog, "committed", at + 5, commitPolicy).committedAt).toEqual({});
  });

  test("suspects the group that failed on its data, and nobody for an outage", () => {
    const { slot, open } = opened();
    expect(closeEpoch(slot, open, "failed-data", at, commitPolicy).suspects).toEqual(["a", "b"]);
    expect(closeEpoch(slot, open, "failed-environment", at, commitPolicy).suspects).toEqual([]);
    expect(closeEpoch(slot, open, "unknown", at, commitPolicy).suspects).toEqual([]);
  });

  test("clears those that were committed and keeps the others under suspicion", () => {
    const accused = { ...newSlot("u"), suspects: ["a", "b", "c", "d"] };
    const { slot, open } = opened(accused);
    expect(closeEpoch(slot, open, "committed", at, commitPolicy).suspects).toEqual(["c", "d"]);
    expect(closeEpoch(slot, open, "failed-environment", at, commitPolicy).suspects).toEqual(["a", "b", "c", "d"]);
  });

  test("quarantines what failed alone and has more than one row: its halves are tried next", () => {
    const { slot, open } = opened(newSlot("u"), { markers: ["a"] });
    const closed = closeEpoch(slot, open, "failed-data", at, commitPolicy);
    expect([closed.quarantined, closed.suspects]).toEqual([["a"], []]);
    expect(closeEpoch(slot, open, "failed-environment", at, commitPolicy).quarantined).toEqual([]);
  });

  test.each([
    ["a single row that failed", "failed-data", 1],
    ["rows that are missing after a success", "unreconciled", 7],
  ] as const)("tries %s twice alone before it is quarantined", (_, outcome, rows) => {
    let slot = newSlot("u");
    const first = opened(slot, { markers: ["a"], rows });
    slot = closeEpoch(first.slot, first.open, outcome, at, commitPolicy);
    expect(slot).toMatchObject({ suspects: ["a"], strikes: 1, quarantined: [] });
    const last = opened(slot, { markers: ["a"], rows });
    slot = closeEpoch(last.slot, last.open, outcome, at, commitPolicy);
    expect(slot).toMatchObject({ suspects: [], strikes: 0, quarantined: ["a"] });
  });

  test("counts no failure of another, and none from before a commit", () => {
    const failed = opened(newSlot("u"), { markers: ["a"], rows: 1 });
    const struck = closeEpoch(failed.slot, failed.open, "failed-data", at, commitPolicy);
    const other = opened(struck, { markers: ["b"], rows: 1 });
    expect(closeEpoch(other.slot, other.open, "failed-data", at, commitPolicy)).toMatchObject({ strikes: 1 });
    expect(closeEpoch(other.slot, other.open, "committed", at, commitPolicy)).toMatchObject({ strikes: 1 });
    const again = opened(struck, { markers: ["a"], rows: 1 });
    expect(closeEpoch(again.slot, again.open, "committed", at, commitPolicy)).toMatchObject({
      suspects: [],
      strikes: 0,
    });
  });

  test("lets a marker out of quarantine for one try, and the next only after a while unless it was committed", () => {
    const held = { ...newSlot("u"), quarantined: ["a", "b"] };
    expect(mayRelease(held, at, commitPolicy)).toBe(true);
    const released = releaseMarker(held, "a", at, commitPolicy);
    expect(released).toMatchObject({ suspects: ["a"], quarantined: ["b"] });
    expect(mayRelease(released, at + commitPolicy.paroleMs - 1, commitPolicy)).toBe(false);
    expect(mayRelease(released, at + commitPolicy.paroleMs, commitPolicy)).toBe(true);
    const { slot, open } = opened(released, { markers: ["a"], rows: 1 });
    expect(closeEpoch(slot, open, "failed-data", at, commitPolicy).quarantined).toEqual(["b", "a"]);
    expect(mayRelease(closeEpoch(slot, open, "committed", at, commitPolicy), at, commitPolicy)).toBe(true);
  });
});

describe("an epoch that nobody could start", () => {
  test("is free at once when every request to start it was refused, and only then", () => {
    const first = opened();
    const second = announceSend(first.slot, first.open, "s2");
    const left = withdrawSend(second, openOf(second), "s1", at, commitPolicy);
    expect(openOf(left).sends).toEqual(["s2"]);
    expect(withdrawSend(left, openOf(left), "s1", at, commitPolicy)).toEqual(left);
    const closed = withdrawSend(left, openOf(left), "s2", at, commitPolicy);
    expect(closed).toMatchObject({ open: null, last: { outcome: "refused" }, suspects: [] });
  });

  test("waits for its hour when there were more requests than are told apart", () => {
    let { slot } = opened();
    const ids = Array.from({ length: 80 }, (_, index) => `s${index + 1}`);
    for (const id of ids) slot = announceSend(slot, openOf(slot), id);
    for (const id of ids) slot = withdrawSend(slot, openOf(slot), id, at, commitPolicy);
    expect(openOf(slot).sends).toEqual(["uncounted"]);
  });

  test("is not freed by refusals in a slot from before requests were written down", () => {
    const { slot, open } = opened();
    const { sends: _sends, ...old } = open;
    const { strikes: _strikes, parole: _parole, ...rest } = slot;
    const read = slotSchema.parse({ ...rest, open: old });
    expect(withdrawSend(read, openOf(read), "s1", at, commitPolicy).open).not.toBeNull();
  });
});
