import { worldOf } from "./clause.ts";
import { clauses } from "./clauses.ts";
import { shrink } from "./shrink.ts";
import { runWorld } from "./world.ts";

/** A piece of work for one thread: worlds by their seeds, or a clause to be shown needed. */
export type Job =
  | { readonly kind: "seeds"; readonly from: number; readonly to: number }
  | { readonly kind: "clause"; readonly name: string };

/** Seeds in which a run without a clause must go wrong at least once. */
const tries = 30;

/** Answers what a person must read of it; nothing when all is well. */
export async function runJob(job: Job): Promise<readonly string[]> {
  return job.kind === "seeds" ? runSeeds(job.from, job.to) : showClause(job.name);
}

async function runSeeds(from: number, to: number): Promise<readonly string[]> {
  const reports: string[] = [];
  for (let seed = from; seed <= to; seed += 1) {
    const { problems } = await runWorld({ seed });
    if (problems.length > 0) reports.push(await describe(seed, problems));
  }
  return reports;
}

/** A seed that failed, as a person needs it: what, by which few faults, and how to see it again. */
async function describe(seed: number, problems: readonly string[]): Promise<string> {
  const shrunk = await shrink({ seed });
  return [
    `seed ${seed}: ${problems.slice(0, 3).join("; ")}`,
    `faults that are enough: ${shrunk?.strikes.join(" ") || "none"}: ${shrunk?.problems[0] ?? "it does not fail again"}`,
    `node bin/node24.mjs tests/simulation/replay.ts --seed ${seed} --shrink --trace`,
  ].join("\n");
}

/** Without the clause one of the seeds goes wrong as foretold; with it the same seed holds. */
async function showClause(name: string): Promise<readonly string[]> {
  const clause = clauses.find((one) => one.name === name);
  if (clause === undefined) return [`there is no clause "${name}"`];
  const world = worldOf(clause);
  for (let seed = 1; seed <= tries; seed += 1) {
    const { problems } = await runWorld({ seed, ...world, without: clause.without });
    if (!problems.some((problem) => clause.finds.test(problem))) continue;
    const kept = await runWorld({ seed, ...world });
    return kept.problems.map((problem) => `with the clause, seed ${seed}: ${problem}`);
  }
  return [`removing "${name}" is caught by none of ${tries} seeds`];
}
