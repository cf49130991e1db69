import { describe, expect, test } from "@jest/globals";
import { describeReconciliation, type LakeCounts, reconcile } from "../../../cli/once/reconcile.ts";

const source = { read: 12, accepted: 8, rejected: 2, dropped: 1, duplicates: 1, alreadyDelivered: 0 };
const before: LakeCounts = {
  bronze: 100,
  bronzeOffsets: 100,
  bronzeEvents: 99,
  silver: 98,
  quarantined: 1,
  goldEvents: 98,
  deadLetters: 5,
};
const after: LakeCounts = {
  bronze: 108,
  bronzeOffsets: 108,
  bronzeEvents: 107,
  silver: 106,
  quarantined: 1,
  goldEvents: 106,
  deadLetters: 7,
};

describe("the reconciliation", () => {
  test("is complete when every event became exactly one thing", () => {
    const result = reconcile(source, before, after);
    expect(result.isComplete).toBe(true);
    expect(describeReconciliation(result)).toContain("Every event is accounted for.");
  });

  test.each<[string, Partial<typeof source>, Partial<LakeCounts>]>([
    ["an event that was read and became nothing", { read: 13 }, {}],
    ["a bronze row too few", {}, { bronze: 107, bronzeOffsets: 107 }],
    ["a bronze row twice", {}, { bronzeOffsets: 107 }],
    ["a dead letter that is missing", {}, { deadLetters: 6 }],
    ["a silver row too many", {}, { silver: 107, goldEvents: 107 }],
    ["gold that does not add up", {}, { goldEvents: 105 }],
  ])("fails on %s", (_, sourceChange, afterChange) => {
    const result = reconcile({ ...source, ...sourceChange }, before, { ...after, ...afterChange });
    expect(result.isComplete).toBe(false);
    expect(describeReconciliation(result)).toContain("NOT EVERY EVENT");
  });
});
