import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import type { Python } from "./find-python.ts";
import type { InstallContext } from "./install-context.ts";
import { commandError } from "./install-errors.ts";
import { reportEveryMs } from "./progress.ts";

/**
 * Makes a venv in `folder` and installs the requirement files of python/ in the order given; each package's hash is in
 * its file, and pip refuses any other. The venv may be moved afterwards as long as only `bin/python` of it is used.
 */
export async function installVenv(
  context: InstallContext,
  part: string,
  python: Python,
  folder: string,
  requirements: readonly string[],
): Promise<void> {
  const stopReporting = reportElapsed(context, part);
  try {
    await runPython(context, part, python.command, ["-m", "venv", folder]);
    for (const file of requirements) {
      const path = join(context.sourceDir, "python", file);
      const options = ["--require-hashes", "--no-deps", "--no-build-isolation", "--no-compile", "--no-cache-dir"];
      const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...options, "-r", path];
      await runPython(context, part, pythonOf(folder), install);
    }
  } finally {
    stopReporting();
  }
}

export const pythonOf = (venv: string): string => join(venv, "bin", "python");

/** Folder of an installed package, e.g. `<venv>/lib/python3.11/site-packages/pyspark`. */
export async function packageFolder(venv: string, name: string): Promise<string> {
  const versions = await readdir(join(venv, "lib"));
  const version = versions.find((candidate) => candidate.startsWith("python"));
  if (version === undefined) throw new WikilakeError("INSTALL_FAILED", `No Python in ${venv}`, { retriable: true });
  return join(venv, "lib", version, "site-packages", name);
}

async function runPython(context: InstallContext, part: string, command: string, args: readonly string[]) {
  const result = await context.run({ command, args, env: context.env, signal: context.signal });
  if (result.kind !== "done") throw commandError(`Installing ${part} with pip`, result);
}

function reportElapsed(context: InstallContext, part: string): () => void {
  const startedAt = context.now();
  const report = (): void =>
    context.progress({ part, message: "installing with pip", elapsedMs: context.now() - startedAt });
  const timer = setInterval(report, reportEveryMs);
  return () => clearInterval(timer);
}
