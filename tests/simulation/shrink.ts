import type { Strike } from "./plan.ts";
import { type RunOptions, type RunResult, runWorld } from "./world.ts";

/** Runs that making a schedule smaller may take: it is for a person who waits. */
const maxRuns = 80;

export type Shrunk = {
  readonly strikes: readonly Strike[];
  readonly problems: readonly string[];
  readonly runs: number;
};

/**
 * The fewest faults with which the world still fails: leaves out halves, quarters, … single ones as long as it does.
 * Undefined when the run does not fail at all.
 */
export async function shrink(options: RunOptions): Promise<Shrunk | undefined> {
  const first = await runWorld(options);
  if (first.problems.length === 0) return undefined;
  let best: RunResult = first;
  let runs = 1;
  const fails = async (strikes: readonly Strike[]): Promise<boolean> => {
    runs += 1;
    const result = await runWorld({ ...options, only: new Set(strikes) });
    if (result.problems.length > 0) best = result;
    return result.problems.length > 0;
  };
  if (await fails([])) return { strikes: [], problems: best.problems, runs };
  let strikes = first.struck;
  for (let parts = 2; strikes.length > 1 && runs < maxRuns; ) {
    const size = Math.ceil(strikes.length / parts);
    const before = strikes;
    for (let from = 0; from < strikes.length && runs < maxRuns; ) {
      const rest = [...strikes.slice(0, from), ...strikes.slice(from + size)];
      if (rest.length < strikes.length && (await fails(rest))) strikes = rest;
      else from += size;
    }
    if (size === 1 && strikes === before) break;
    parts = Math.min(strikes.length, Math.max(2, strikes === before ? parts * 2 : parts));
  }
  return { strikes, problems: best.problems, runs };
}
