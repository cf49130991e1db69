import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import path from "node:path";

/**
 * Everything that has to hold before a change lands: format and lint, types, the template's own linter, unit and
 * property tests, then the tests on the real engines. Runs all of it, also after a failure, and ends with one line
 * `N passed, N failed`. `--long` runs the long simulations instead; `--only NAME` one part.
 */
type Outcome = { readonly passed: number; readonly failed: number };
type Part = { readonly name: string; readonly run: () => Promise<Outcome> };

const root = path.resolve(import.meta.dirname, "..");
const jest = path.join(root, "node_modules/jest/bin/jest.js");

function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function check(command: string, ...args: string[]): Promise<Outcome> {
  const code = await run(command, args);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A run that ends without a report, or whose suite could not start, counts as a failure even with no failed test. */
async function runJest(project: string, ...args: string[]): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), "wikilake-test-"));
  const report = path.join(folder, "report.json");
  const flags = ["--no-warnings", "--experimental-vm-modules", jest, "--selectProjects", project];
  const code = await run(process.execPath, [...flags, "--json", `--outputFile=${report}`, ...args]);
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    return { passed: result.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Jest's own five seconds are a guess about the machine: two busy cores unpack a bomb of 200 MB in six. */
const unitLimit = "--testTimeout=60000";
/**
 * Suites on the real engines wait more than they compute: two at a time where two lakes have room (3.6 GiB each at the
 * most, and Spark in a third of the suites).
 */
const engineWorkers = totalmem() >= 12 * 2 ** 30 ? "--maxWorkers=2" : "--runInBand";
const node = process.execPath;
const parts: readonly Part[] = [
  { name: "lint", run: () => check(path.join(root, "node_modules/.bin/biome"), "ci", ".") },
  { name: "types", run: () => check(node, path.join(root, "node_modules/typescript/bin/tsc"), "--noEmit") },
  { name: "template", run: () => check(node, "--no-warnings", path.join(root, "scripts/lint-template.ts")) },
  // On a new machine a gigabyte is fetched: here it has no test's time limit above it, and says how far it is.
  { name: "install", run: () => check(node, "--no-warnings", path.join(root, "local/engines/main.ts"), "--install") },
  { name: "unit", run: () => runJest("unit", unitLimit) },
  { name: "engines", run: () => runJest("engines", engineWorkers, "--testTimeout=300000") },
];
const longParts: readonly Part[] = [
  { name: "long", run: () => runJest("long", "--runInBand", "--testTimeout=3600000") },
];

const only = process.argv.indexOf("--only");
const chosen = (process.argv.includes("--long") ? longParts : parts).filter(
  ({ name }) => only < 0 || process.argv.includes(name),
);
let [passed, failed] = [0, 0];
for (const part of chosen) {
  const startedMs = performance.now();
  const outcome = await part.run();
  passed += outcome.passed;
  failed += outcome.failed;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(`-- ${part.name}: ${outcome.passed} passed, ${outcome.failed} failed in ${seconds} s`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
