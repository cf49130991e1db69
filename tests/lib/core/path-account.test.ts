import { describe, expect, test } from "@jest/globals";
import { accountForPath, type PathCounts } from "../../../lib/core/path-account.ts";

const whole: PathCounts = {
  shim: {
    received: 120,
    canaries: 5,
    duplicates: 10,
    acked: 100,
    rejected: 3,
    inFlight: 2,
    sent: { raw: 100, dlq: 3 },
  },
  topics: { raw: 100, dlq: 3 },
  waiting: { raw: 10, dlq: 0 },
  writers: { staged: 104, inserted: 92, present: 6, restaged: 4, pending: 2, stored: 92 },
  tables: { events: 88, refused: 2, deadLetters: 3, repeated: 0, holes: 0 },
};

/** The sentence that does not hold, when one number is another. */
function broken(change: (counts: PathCounts) => PathCounts): readonly string[] {
  const { checks } = accountForPath(change(whole));
  return checks.filter(({ verdict }) => verdict === "broken").map(({ name }) => name);
}

describe("the account of the path", () => {
  test("holds when every stage hands on what it got", () => {
    const { checks, verdict } = accountForPath(whole);
    expect(checks.filter((check) => check.verdict !== "equal")).toEqual([]);
    expect(verdict).toBe("equal");
  });

  test("calls counts that went with a killed process untold, not lost", () => {
    const shim = { ...whole.shim, received: 110, acked: 90 };
    const account = accountForPath({ ...whole, shim, writers: { ...whole.writers, staged: 90, inserted: 80 } });
    expect(account.verdict).toBe("untold");
    expect(account.checks.filter(({ verdict }) => verdict === "broken")).toEqual([]);
  });

  test.each<[string, (counts: PathCounts) => PathCounts, string]>([
    [
      "an event without an outcome",
      (of) => ({ ...of, shim: { ...of.shim, received: 121 } }),
      "received = canaries + duplicates + acked + rejected + in flight",
    ],
    [
      "an event acknowledged and not on the topic",
      (of) => ({ ...of, shim: { ...of.shim, received: 121, acked: 101 } }),
      "acked = records of raw-events",
    ],
    [
      "a dead letter that never arrived",
      (of) => ({ ...of, shim: { ...of.shim, received: 121, rejected: 4 } }),
      "rejected = records of dlq-events",
    ],
    [
      "a record in no table",
      (of) => ({ ...of, topics: { raw: 101, dlq: 3 } }),
      "records of raw-events = rows + waiting",
    ],
    [
      "a refusal in no table",
      (of) => ({ ...of, topics: { raw: 100, dlq: 4 } }),
      "records of dlq-events = rows + waiting",
    ],
    ["a record in two rows", (of) => ({ ...of, tables: { ...of.tables, repeated: 1 } }), "no offset in two rows"],
    [
      "a hole among the offsets",
      (of) => ({ ...of, tables: { ...of.tables, holes: 1 } }),
      "no offset between others in no row",
    ],
    ["rows counted that are not there", (of) => ({ ...of, writers: { ...of.writers, stored: 91 } }), "inserted = rows"],
  ])("names %s", (_, change, sentence) => {
    expect(broken(change)).toEqual([sentence]);
  });
});
