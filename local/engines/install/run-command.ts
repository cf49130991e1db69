import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WikilakeError } from "../../../lib/platform/errors.ts";

export type CommandRequest = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: (line: string) => void;
};

/** `missing`: there is no such program; `exitCode` null: ended by a signal. `output` is the newest part of both streams. */
export type CommandResult =
  | { readonly kind: "done"; readonly output: string }
  | { readonly kind: "failed"; readonly exitCode: number | null; readonly output: string }
  | { readonly kind: "missing" };

export type RunCommand = (request: CommandRequest) => Promise<CommandResult>;

/** Lines kept for an error message: Maven says its reason well within its last hundred lines. */
const keptLines = 200;
/** Time between SIGTERM and SIGKILL: Maven and pip hold no state worth more. */
const killAfterMs = 3_000;

/**
 * Runs a program to its end in a process group of its own, so that an abort ends its children as well (`mvn` is a
 * shell script around Java). Throws INSTALL_INTERRUPTED when `signal` is aborted, after the group is gone.
 */
export const runCommand: RunCommand = async (request) => {
  if (request.signal?.aborted) throw interrupted();
  const child = spawn(request.command, request.args, {
    cwd: request.cwd,
    env: request.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (lines.length > keptLines) lines.shift();
      request.onLine?.(line);
    });
  }
  const abort = (): void => endGroup(child);
  request.signal?.addEventListener("abort", abort);
  try {
    const exitCode = await ended(child);
    if (request.signal?.aborted) throw interrupted();
    if (exitCode === "missing") return { kind: "missing" };
    const output = lines.join("\n");
    return exitCode === 0 ? { kind: "done", output } : { kind: "failed", exitCode, output };
  } finally {
    request.signal?.removeEventListener("abort", abort);
  }
};

/** The error of a stop asked for by the person: nothing is wrong, and the next start goes on. */
export const interrupted = (): WikilakeError =>
  new WikilakeError("INSTALL_INTERRUPTED", "Stopped while installing the engines; the next start goes on.", {
    retriable: true,
  });

function ended(child: ChildProcess): Promise<number | null | "missing"> {
  return new Promise((resolve, reject) => {
    child.on("close", (code) => resolve(code));
    child.on("error", (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? resolve("missing") : reject(error)));
  });
}

function endGroup(child: ChildProcess): void {
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, name);
    } catch {
      // The group has ended by itself in the meantime.
    }
  };
  signal("SIGTERM");
  setTimeout(() => signal("SIGKILL"), killAfterMs).unref();
}
