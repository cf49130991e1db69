/** What one cycle costs in a JVM of its own (tests/spark/cycle.long.test.ts). `--quick`: a tenth of the rows. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const root = path.resolve(import.meta.dirname, "..");
const jest = [path.join(root, "node_modules/jest/bin/jest.js"), "tests/spark/cycle.long", "--selectProjects", "long"];
const child = spawn(process.execPath, ["--no-warnings", "--experimental-vm-modules", ...jest, "--runInBand"], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, WIKILAKE_BENCH_QUICK: values.quick ? "1" : "0" },
});
const [code] = await once(child, "exit");
process.exitCode = Number(code ?? 1);
