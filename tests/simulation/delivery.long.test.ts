import { expect, test } from "@jest/globals";
import { runSeeds } from "./run-seeds.ts";

/** `SEEDS=50000 npm run test:long` for more, `FIRST_SEED=…` for others. */
const seeds = Number(process.env["SEEDS"] ?? 10_000);
const first = Number(process.env["FIRST_SEED"] ?? 1);

test(
  `no seed of ${seeds} loses or doubles a record, whatever fails`,
  async () => {
    expect((await runSeeds(first, first + seeds - 1)).map(({ report }) => report)).toEqual([]);
  },
  4 * 3_600_000,
);
