import { describe, expect, test } from "@jest/globals";
import { commitPolicy } from "../../../lib/lake/commit-policy.ts";
import {
  closeEpoch,
  newSlot,
  nextStep,
  type OpenEpoch,
  openEpoch,
  recordQuery,
  type Slot,
  slotSchema,
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
  const next = openEpoch(slot, { ...request, ...over }, at);
  if (next.open === null) throw new Error("not open");
  return { slot: next, open: next.open };
};
const step = (slot: Slot, ageMs: number, readAgoMs = 0) =>
  nextStep(slot, at + ageMs - readAgoMs, at + ageMs, commitPolicy).kind;

describe("the commit slot", () => {
  test("gives every epoch a number and a token of its own, the same for all who read it", () => {
    const first = opened();
    const second = opened(closeEpoch(first.slot, first.open, "committed", at));
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

  test("remembers the table's last commit, and only of a commit", () => {
    const { slot, open } = opened();
    expect(closeEpoch(slot, open, "committed", at + 5).committedAt).toEqual({ raw_events: at + 5 });
    for (const outcome of ["failed-data", "failed-environment", "unknown", "unreconciled"] as const) {
      expect(closeEpoch(slot, open, outcome, at + 5).committedAt).toEqual({});
    }
  });

  test("suspects the group that failed on its data, and nobody for an outage", () => {
    const { slot, open } = opened();
    expect(closeEpoch(slot, open, "failed-data", at).suspects).toEqual(["a", "b"]);
    expect(closeEpoch(slot, open, "failed-environment", at).suspects).toEqual([]);
    expect(closeEpoch(slot, open, "unknown", at).suspects).toEqual([]);
  });

  test("clears those that were committed and keeps the others under suspicion", () => {
    const accused = { ...newSlot("u"), suspects: ["a", "b", "c", "d"] };
    const { slot, open } = opened(accused);
    expect(closeEpoch(slot, open, "committed", at).suspects).toEqual(["c", "d"]);
    expect(closeEpoch(slot, open, "failed-environment", at).suspects).toEqual(["a", "b", "c", "d"]);
  });

  test("quarantines what failed alone", () => {
    const { slot, open } = opened(newSlot("u"), { markers: ["a"] });
    const closed = closeEpoch(slot, open, "failed-data", at);
    expect([closed.quarantined, closed.suspects]).toEqual([["a"], []]);
    expect(closeEpoch(slot, open, "failed-environment", at).quarantined).toEqual([]);
  });
});
