import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../../shim/main.ts", import.meta.url));

export type ShimProcess = {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | string>;
};

/** The shim as it is run: its own process, its own environment. */
export function startShimProcess(environment: Record<string, string>, program = entry): ShimProcess {
  // Only its own variables: nothing of the test's environment leaks in.
  const env = environment as NodeJS.ProcessEnv;
  const child = spawn(process.execPath, [program], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: Record<string, unknown>[] = [];
  let rest = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString("utf8")).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("{")) lines.push(JSON.parse(part));
  });
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return { child, lines, ended };
}
