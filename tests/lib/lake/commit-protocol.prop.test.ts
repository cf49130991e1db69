import { describe, expect, test } from "@jest/globals";
import { noFaults, type Scenario, simulate } from "./sim/world.ts";

/** First seed with a problem and what it found; undefined when all held. A seed replays its run exactly. */
async function firstProblem(seeds: number, scenario: Omit<Scenario, "seed">): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { problems } = await simulate({ ...scenario, seed });
    if (problems.length > 0) return `seed ${seed}: ${problems.slice(0, 3).join("; ")}`;
  }
  return undefined;
}

const everything = {
  ...noFaults,
  kill: 0.004,
  pause: 0.003,
  pauseMs: [61_000, 6 * 60_000, 61 * 60_000],
  refuse: 0.02,
  loseReply: 0.03,
  throttle: 0.03,
  slowStart: 0.1,
  fail: 0.1,
  failCommitted: 0.1,
  runMs: [2_000, 20_000, 120_000],
};

describe("the commit protocol, run by the real code on fakes that misbehave", () => {
  test("commits every record once when nothing goes wrong, in as few epochs as batches were pending at once", async () => {
    const { problems, epochs } = await simulate({ seed: 1, records: 40, batch: 10, writers: 2, faults: {} });
    expect(problems).toEqual([]);
    expect(epochs).toBeLessThanOrEqual(8);
  });

  test("loses nothing and doubles nothing under crashes, pauses, lost replies, failures and late commits at once", async () => {
    const scenario = { records: 40, batch: 10, writers: 2, redeliverEvery: 3, faults: everything, faultyMs: 3_600_000 };
    expect(await firstProblem(6, scenario)).toBeUndefined();
  }, 120_000);

  test("turns a record that no statement can take into a dead letter, and commits all the others", async () => {
    const faults = { poison: new Set([3, 17]) };
    expect(await firstProblem(3, { records: 40, batch: 10, writers: 3, faults })).toBeUndefined();
  }, 60_000);
});

/** Each clause is shown to be needed: without it, the same seeds find what it prevents. */
const clauses: readonly {
  readonly clause: string;
  readonly seeds: number;
  readonly scenario: Omit<Scenario, "seed">;
  readonly without: Partial<Omit<Scenario, "seed">>;
  readonly finds: RegExp;
}[] = [
  {
    clause: "no two overlapping batches in one statement",
    seeds: 4,
    scenario: { records: 40, batch: 10, writers: 1, redeliverEvery: 1, faults: {} },
    without: { policy: { collides: () => false } },
    finds: /is there [23] times/,
  },
  {
    clause: "the settle wait",
    seeds: 4,
    scenario: { records: 40, batch: 10, writers: 1, faults: { failCommitted: 0.6 }, faultyMs: 1_800_000 },
    without: { policy: { settleMs: 0 } },
    finds: /is there [23] times/,
  },
  {
    clause: "the send limit",
    seeds: 4,
    scenario: {
      records: 20,
      batch: 10,
      writers: 2,
      faults: { outageUntilMs: 59.93 * 60_000, slowStart: 0.9, runMs: [150_000] },
      faultyMs: 2 * 3_600_000,
    },
    without: { policy: { sendLimitMs: Number.POSITIVE_INFINITY, slotFreshMs: Number.POSITIVE_INFINITY } },
    finds: /is there [23] times/,
  },
  {
    clause: "one slot for all",
    seeds: 4,
    scenario: { records: 40, batch: 10, writers: 1, redeliverEvery: 1, faults: { runMs: [10_000] } },
    without: { separateSlots: true },
    finds: /is there [23] times/,
  },
  {
    clause: "halving the suspects",
    seeds: 3,
    scenario: { records: 40, batch: 10, writers: 3, faults: { poison: new Set([3, 17]) }, maxMs: 3 * 3_600_000 },
    without: { policy: { halveSuspects: false } },
    finds: /not over/,
  },
];

describe("what each clause of the commit protocol is for", () => {
  test.each(clauses)(
    "$clause: holds with it",
    async ({ seeds, scenario }) => {
      expect(await firstProblem(seeds, scenario)).toBeUndefined();
    },
    120_000,
  );

  test.each(clauses)(
    "$clause: a run goes wrong without it",
    async ({ seeds, scenario, without, finds }) => {
      expect(await firstProblem(seeds, { ...scenario, ...without })).toMatch(finds);
    },
    120_000,
  );
});
