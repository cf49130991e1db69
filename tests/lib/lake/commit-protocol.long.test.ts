import { expect, test } from "@jest/globals";
import { noFaults, simulate } from "./sim/world.ts";

/** More seeds of the same worlds as commit-protocol.prop.test.ts; `SEEDS=5000 npm run test:long` for more still. */
const seeds = Number(process.env["SEEDS"] ?? 400);

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
  runMs: [2_000, 20_000, 300_000],
};

test("no seed loses or doubles a record, with and without poison, whatever fails", async () => {
  const found: string[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const poison = new Set(seed % 3 === 0 ? [5, 21] : []);
    const writers = 1 + (seed % 4);
    const faults = { ...everything, poison };
    const { problems } = await simulate({
      seed,
      records: 48,
      batch: 6 + (seed % 7),
      writers,
      redeliverEvery: 3,
      faults,
    });
    if (problems.length > 0) found.push(`seed ${seed}: ${problems.slice(0, 3).join("; ")}`);
  }
  expect(found).toEqual([]);
});
