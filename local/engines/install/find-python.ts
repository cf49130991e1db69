import { pythonMissing, venvMissing } from "./install-errors.ts";
import type { RunCommand } from "./run-command.ts";

export type Python = { readonly command: string; readonly version: string };
export type PythonProbe =
  | { readonly kind: "found"; readonly python: Python }
  | { readonly kind: "no-venv"; readonly command: string }
  | { readonly kind: "missing" };

/** Newest last: pyspark 3.5 is tested by its makers up to Python 3.11, so the plain names come first. */
const commands = ["python3", "python", "python3.12", "python3.11", "python3.10", "python3.9"] as const;
/** Oldest Python that pyspark's build tools still run on. */
const oldestMinor = 9;
const probeCode = "import sys; print('%d.%d.%d' % sys.version_info[:3]); import venv, ensurepip";

/** Looks for a Python that can make a venv. WIKILAKE_PYTHON names one that is asked before all others. */
export async function findPython(run: RunCommand, env: NodeJS.ProcessEnv): Promise<PythonProbe> {
  const named = env["WIKILAKE_PYTHON"];
  let withoutVenv: string | undefined;
  for (const command of named === undefined ? commands : [named, ...commands]) {
    const result = await run({ command, args: ["-c", probeCode], env });
    if (result.kind === "missing") continue;
    const version = /^(\d+\.\d+\.\d+)$/m.exec(result.output)?.[1];
    if (version === undefined || !isNewEnough(version)) continue;
    if (result.kind === "done") return { kind: "found", python: { command, version } };
    withoutVenv ??= command;
  }
  return withoutVenv === undefined ? { kind: "missing" } : { kind: "no-venv", command: withoutVenv };
}

/** The Python, or the error that says what to install: PYTHON_MISSING or PYTHON_VENV_MISSING. */
export function requirePython(probe: PythonProbe): Python {
  if (probe.kind === "found") return probe.python;
  throw probe.kind === "missing" ? pythonMissing() : venvMissing(probe.command);
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major === 3 && minor >= oldestMinor;
}
