import { afterAll, expect, test } from "@jest/globals";
import { createPool, runSeeds } from "./pool.ts";

/** `SEEDS=50000 npm run test:long` for more, `FIRST_SEED=…` for others. */
const seeds = Number(process.env["SEEDS"] ?? 10_000);
const first = Number(process.env["FIRST_SEED"] ?? 1);

const pool = createPool();
afterAll(() => pool.close());

test(
  `no seed of ${seeds} loses or doubles a record, whatever fails`,
  async () => {
    expect(await runSeeds(pool, first, first + seeds - 1)).toEqual([]);
  },
  4 * 3_600_000,
);
