import { spawn } from "node:child_process";
import path from "node:path";

export type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Ten times what the slowest command of a test takes: one that hangs must not keep the whole run from ending. */
const limitMs = 20 * 60_000;

const root = path.resolve(import.meta.dirname, "../..");

/** Runs `wikilake` as a person does, in a process of its own. `onStderr` sees its progress and may signal it. */
export function wikilake(
  args: readonly string[],
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(root, "bin/wikilake.mjs"), ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limitMs,
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      // The launcher hands signals on to the command, as a terminal does.
      onStderr?.(stderr, (signal) => child.kill(signal));
    });
    child.once("error", reject);
    child.once("exit", (code) => resolve({ code, stdout, stderr }));
  });
}
