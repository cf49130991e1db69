import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirOf } from "../../local/engines/cache-dir.ts";

/** Pinned: the second engine must not change under the comparison. */
const pinned = "duckdb==2.0.0";

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((done, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? done() : reject(new Error(`${command} ${args[0]} ended with ${code}`)),
    );
  });
}

/** A Python with DuckDB, installed once into the cache, complete or not at all. */
export async function duckdbPython(): Promise<string> {
  const folder = join(cacheDirOf(process.env), pinned.replace("==", "-"));
  const python = join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return python;
  await rm(folder, { recursive: true, force: true });
  await mkdir(cacheDirOf(process.env), { recursive: true });
  await run("python3", ["-m", "venv", folder]);
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", pinned]);
  await mkdir(complete);
  return python;
}
