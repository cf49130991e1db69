#!/usr/bin/env node
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findNode24 } from "./find-node24.mjs";

const main = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "cli", "main.ts");
const child = spawn(findNode24(), ["--no-warnings=ExperimentalWarning", main, ...process.argv.slice(2)], {
  stdio: "inherit",
});
// The terminal sends Ctrl-C to both; the child decides when it is finished.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
