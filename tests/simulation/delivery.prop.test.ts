import { afterAll, describe, expect, test } from "@jest/globals";
import { clauses } from "./clauses.ts";
import { faults } from "./plan.ts";
import { createPool, runSeeds } from "./pool.ts";
import { createScenario } from "./scenario.ts";
import { runWorld } from "./world.ts";

/** Seeds of every run; `delivery.long.test.ts` has the many. */
const seeds = 200;
/** Seeds that found something while the protocol or the simulator was worked on. */
const onceFailed = [251, 284, 344, 414, 638, 727, 4016, 7283, 7880, 8464];
/** A busy machine may be a hundred times slower than a world usually takes. */
const limitMs = 900_000;

const pool = createPool();
afterAll(() => pool.close());

describe("the delivery path, run by the real shim and writers on fakes that misbehave", () => {
  test(
    `loses nothing, doubles nothing and counts everything, in ${seeds} seeds`,
    async () => {
      expect(await runSeeds(pool, 1, seeds)).toEqual([]);
    },
    limitMs,
  );

  test(
    `holds in the seeds that failed once: ${onceFailed.join(", ")}`,
    async () => {
      const reports = onceFailed.map((seed) => pool.run({ kind: "seeds", from: seed, to: seed }));
      expect((await Promise.all(reports)).flat()).toEqual([]);
    },
    limitMs,
  );

  test("takes few commits when nothing goes wrong: one for all batches that wait at once", async () => {
    const calm = { upAfterMs: 600_000, partitions: 4, pollers: 3, batchSize: 6 };
    const { problems, epochs, records } = await runWorld({ seed: 2, scenario: { ...calm, rates: {} } });
    expect(problems).toEqual([]);
    expect(records).toBeGreaterThan(60);
    expect(epochs).toBeLessThanOrEqual(12);
  }, 60_000);

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
    expect([...shown].sort()).toEqual([...faults].sort());
  });
});

describe("what each clause of the protocol is for", () => {
  // All are given to the threads at once; each test waits for its own.
  const shown = new Map(clauses.map(({ name }) => [name, pool.run({ kind: "clause", name })]));

  test.each(clauses)(
    "$name: without it a seed goes wrong, with it the same seed holds",
    async ({ name }) => {
      expect(await shown.get(name)).toEqual([]);
    },
    limitMs,
  );
});
