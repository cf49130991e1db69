import { describe, expect, test } from "@jest/globals";
import { clauses, worldOf } from "./clauses.ts";
import { runSeeds } from "./run-seeds.ts";
import { createScenario } from "./scenario.ts";
import { runWorld } from "./world.ts";

/** Seeds of every run; `delivery.long.test.ts` has the many. */
const seeds = 200;
/** Seeds in which a run without a clause must go wrong at least once. */
const tries = 12;

describe("the delivery path, run by the real shim and writers on fakes that misbehave", () => {
  test(`loses nothing, doubles nothing and counts everything, in ${seeds} seeds`, async () => {
    expect((await runSeeds(1, seeds)).map(({ report }) => report)).toEqual([]);
  }, 900_000);

  test("does the same again for the same seed", async () => {
    const first: string[] = [];
    const second: string[] = [];
    await runWorld({ seed: 8, trace: (line) => void first.push(line) });
    await runWorld({ seed: 8, trace: (line) => void second.push(line) });
    expect(second).toEqual(first);
    expect(first.length).toBeGreaterThan(100);
  }, 60_000);

  test("its worlds show every fault there is", () => {
    const shown = new Set(
      Array.from({ length: seeds }, (_, index) => Object.keys(createScenario(index + 1).rates)).flat(),
    );
    expect(shown.size).toBeGreaterThanOrEqual(42);
  });
});

describe("what each clause of the protocol is for", () => {
  test.each(clauses)(
    "$name: without it a seed goes wrong, with it the same seed holds",
    async (clause) => {
      const world = worldOf(clause);
      let caught: number | undefined;
      for (let seed = 1; seed <= tries && caught === undefined; seed += 1) {
        const { problems } = await runWorld({ seed, ...world, without: clause.without });
        if (problems.some((problem) => clause.finds.test(problem))) caught = seed;
      }
      expect(`removing "${clause.name}" is caught by a seed: ${caught !== undefined}`).toMatch(/true$/);
      expect((await runWorld({ seed: caught ?? 1, ...world })).problems).toEqual([]);
    },
    300_000,
  );
});
