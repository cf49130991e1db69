#!/usr/bin/env node
// Runs its arguments under the pinned Node 24, whatever Node started npm: Lambda's runtime is Node 24 and so is ours.
// The platform packages carry the binary, so that the lock file holds its hash (npm's own `node` package fetches it
// in an install script, which `npm ci --ignore-scripts` leaves out silently).
import { spawn } from "node:child_process";
import { findNode24 } from "./find-node24.mjs";

const child = spawn(findNode24(), process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
