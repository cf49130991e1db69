import { spawn } from "node:child_process";
import { mkdir, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";

export type EngineCommand = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
};

export type ProcessExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type EngineProcess = {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. Resolves once it is gone. */
  readonly stop: (graceMs: number) => Promise<ProcessExit>;
};

export type SpawnEngine = (command: EngineCommand) => Promise<EngineProcess>;

/** A log beyond this is put aside at the next start (one generation is kept), so that months of runs fill no disk. */
const maxLogBytes = 20_000_000;

/**
 * Starts an engine with both output streams going to the end of its log file. It gets a process group of its own:
 * Ctrl-C in a terminal would otherwise reach all engines at once, and they have to stop in order. Its standard input
 * is a pipe that only we hold, by which the agent in it notices our end.
 */
export const spawnEngine: SpawnEngine = async ({ command, args, env, cwd, logFile }) => {
  await mkdir(dirname(logFile), { recursive: true });
  await mkdir(cwd, { recursive: true });
  await putAsideLargeLog(logFile);
  const log = await open(logFile, "a");
  try {
    const child = spawn(command, args, { cwd, env, stdio: ["pipe", log.fd, log.fd], detached: true });
    child.stdin?.on("error", () => undefined);
    const exited = new Promise<ProcessExit>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("spawn", () => resolve(child.pid ?? 0));
    });
    const stop = async (graceMs: number): Promise<ProcessExit> => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      return exited.finally(() => clearTimeout(timer));
    };
    return { pid, exited, stop };
  } finally {
    await log.close();
  }
};

async function putAsideLargeLog(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxLogBytes) await rename(logFile, `${logFile}.1`);
}

/** Bytes read from the end of a log for an error message. */
const tailBytes = 8_192;

/** The last lines of a log; empty when it cannot be read. */
export async function readLogTail(logFile: string, lines: number): Promise<readonly string[]> {
  try {
    const file = await open(logFile, "r");
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - tailBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(tailBytes), 0, tailBytes, start);
      return buffer.toString("utf8", 0, bytesRead).trimEnd().split("\n").slice(-lines);
    } finally {
      await file.close();
    }
  } catch {
    return [];
  }
}
