// Runs the benchmarks, each in a process of its own, one after another. `npm run bench -- [NAME …] [--quick]`.
// Machine and versions stand above the figures; results worth keeping go into bench/results.md by hand, dated.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import path from "node:path";

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && file !== "main.ts")
  .map((file) => file.slice(0, -3));
const given = process.argv.slice(2);
// Names come first: what follows the first flag belongs to the benchmarks, values as well.
const firstFlag = given.findIndex((word) => word.startsWith("--"));
const wanted = firstFlag < 0 ? given : given.slice(0, firstFlag);
const flags = firstFlag < 0 ? [] : given.slice(firstFlag);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0 || flags.includes("--help")) {
  console.error(`npm run bench -- [${names.join("|")} …] [--quick]`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

console.log(`${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`);
for (const name of wanted.length > 0 ? wanted : names) {
  console.log(`\n== ${name}`);
  const code = await new Promise((resolve) => {
    const child = spawn(process.execPath, ["--no-warnings", path.join(import.meta.dirname, `${name}.ts`), ...flags], {
      stdio: "inherit",
    });
    child.once("exit", resolve);
  });
  if (code !== 0) process.exitCode = 1;
}
