import { parseArgs } from "node:util";
import { worldOf } from "./clause.ts";
import { clauses } from "./clauses.ts";
import { shrink } from "./shrink.ts";
import { type RunOptions, runWorld } from "./world.ts";

/*
 * Runs one world again, or several: node bin/node24.mjs tests/simulation/replay.ts --seed N
 *   --to M          seeds N to M
 *   --without TEXT  without the clause whose name has this text, in that clause's kind of world
 *   --clause TEXT   the same world with the clause in force
 *   --shrink        the fewest faults with which it still fails
 *   --trace         every line of what happens
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    to: { type: "string" },
    without: { type: "string" },
    clause: { type: "string" },
    shrink: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});

function optionsOf(seed: number): RunOptions {
  const name = values.without ?? values.clause;
  const clause = name === undefined ? undefined : clauses.find((one) => one.name.includes(name));
  if (name !== undefined && clause === undefined) {
    throw new Error(`no clause "${name}"; there are:\n${clauses.map((one) => one.name).join("\n")}`);
  }
  return {
    seed,
    ...(clause === undefined ? {} : worldOf(clause)),
    ...(clause === undefined || values.without === undefined ? {} : { without: clause.without }),
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  };
}

const from = Number(values.seed);
for (let seed = from; seed <= Number(values.to ?? from); seed += 1) {
  const { problems, struck, ...rest } = await runWorld(optionsOf(seed));
  console.log(
    `seed ${seed}: ${problems.length === 0 ? "holds" : "FAILS"}, ${struck.length} faults, ${JSON.stringify(rest)}`,
  );
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length === 0) continue;
  process.exitCode = 1;
  if (!values.shrink) continue;
  const { trace: _trace, ...quiet } = optionsOf(seed);
  const shrunk = await shrink(quiet);
  console.log(`  enough for it: ${shrunk?.strikes.join(" ")}: ${shrunk?.problems[0]}`);
}
