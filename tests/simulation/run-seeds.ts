import { shrink } from "./shrink.ts";
import { runWorld } from "./world.ts";

/** A seed that failed, as a person needs it: what, by which few faults, and how to see it again. */
export type Failure = { readonly seed: number; readonly report: string };

/** More failing seeds than this say the same thing. */
const maxFailures = 3;

/** Runs the seeds from one to the other; answers those that failed, each made as small as it gets. */
export async function runSeeds(from: number, to: number): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (let seed = from; seed <= to && failures.length < maxFailures; seed += 1) {
    const { problems } = await runWorld({ seed });
    if (problems.length > 0) failures.push({ seed, report: await describe(seed, problems) });
  }
  return failures;
}

async function describe(seed: number, problems: readonly string[]): Promise<string> {
  const shrunk = await shrink({ seed });
  return [
    `seed ${seed}: ${problems.slice(0, 3).join("; ")}`,
    `faults that are enough: ${shrunk?.strikes.join(" ") || "none"}: ${shrunk?.problems[0] ?? "it does not fail again"}`,
    `node bin/node24.mjs tests/simulation/replay.ts --seed ${seed} --shrink --trace`,
  ].join("\n");
}
