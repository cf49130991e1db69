import { type ChildProcess, fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { residentBytes } from "../process-memory.ts";
import { eachLine } from "../unit-log.ts";
import { type ErrorPayload, endOfOutput, type FromChild, type ToChild } from "./child-protocol.ts";
import { exited, outOfMemory, timedOut } from "./invocation.ts";

/** One child with the function loaded. It runs one invocation at a time and is not used again after an end. */
export type Sandbox = {
  readonly pid: number;
  readonly functionName: string;
  /** Milliseconds the module took to load; counted once. */
  readonly initMs: number;
  readonly isAlive: () => boolean;
  readonly peakMemoryBytes: () => number;
  run(invocation: SandboxInvocation): Promise<SandboxOutcome>;
  /** SIGKILL; a running invocation ends with Runtime.ExitError. Resolves when the process is gone. */
  kill(): Promise<void>;
};

export type SandboxInvocation = {
  readonly requestId: string;
  readonly payload: string;
  readonly functionArn: string;
  readonly timeoutMs: number;
};

export type SandboxOutcome =
  | { readonly kind: "succeeded"; readonly payload: string }
  | { readonly kind: "failed"; readonly error: ErrorPayload };

export type SandboxOptions = {
  readonly functionName: string;
  readonly codeDir: string;
  /** What writeChildProgram answered. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  /** How long loading the module may take before the child is killed. */
  readonly initTimeoutMs: number;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
};

export type SandboxStart =
  | { readonly kind: "ready"; readonly sandbox: Sandbox }
  | { readonly kind: "failed"; readonly error: ErrorPayload };

/**
 * Puts the child program into a folder, without its types: a child that strips them itself loads a compiler for it, 22 MB
 * and 40 ms of processor time in each of twelve writers.
 */
export function writeChildProgram(folder: string): string {
  const file = path.join(folder, "child-program.mjs");
  const source = readFileSync(path.join(import.meta.dirname, "child-program.ts"), "utf8");
  writeFileSync(file, stripTypeScriptTypes(source));
  return file;
}

/** Often enough to catch a runaway array before it hurts the machine; a look costs 20 µs. */
const memoryLookEveryMs = 100;
/** The shares of memory that AWS's Node runtime gives the old and the young generation. */
const oldSpaceShare = 0.9;
const youngSpaceShare = 0.05;
/** An answer is there but its output is still in the pipe: wait this long for the end mark. */
const outputGraceMs = 300;
/** A crash report may still be in the channel when the exit is seen. */
const reportGraceMs = 20;

type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** Starts a child and waits until its handler is loaded. Never throws: a function that cannot load is a result. */
export async function startSandbox(options: SandboxOptions): Promise<SandboxStart> {
  const startedAt = performance.now();
  const child = fork(options.program, [], {
    cwd: options.codeDir,
    // Nothing of the parent's environment: Lambda would not have it.
    env: { ...options.environment },
    execPath: process.execPath,
    execArgv: [
      `--max-old-space-size=${Math.floor(options.memoryMb * oldSpaceShare)}`,
      `--max-semi-space-size=${Math.max(1, Math.floor(options.memoryMb * youngSpaceShare))}`,
    ],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const life = watchLife(child);
  const output = watchOutput(child, options.onLine);
  const memory = watchMemory(child, options.memoryMb, life.isAlive);
  const error = await initError(child, life.ended, options.initTimeoutMs);
  if (error !== undefined) {
    child.kill("SIGKILL");
    await life.ended;
    return { kind: "failed", error };
  }
  const initMs = performance.now() - startedAt;
  return { kind: "ready", sandbox: sandboxOf(child, options, { life, output, memory, initMs }) };
}

type Life = { readonly ended: Promise<Ending>; readonly isAlive: () => boolean };

function watchLife(child: ChildProcess): Life {
  let alive = true;
  const ended = new Promise<Ending>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      alive = false;
      resolve({ code, signal });
    };
    child.once("exit", end);
    child.once("error", () => end(null, null));
  });
  return { ended, isAlive: () => alive };
}

type Output = { readonly marked: (requestId: string) => Promise<void> };

function watchOutput(child: ChildProcess, onLine: SandboxOptions["onLine"]): Output {
  const marks = new Map<string, { seen: number; done: () => void }>();
  const listen = (stream: "stdout" | "stderr"): void => {
    const source = child[stream];
    if (source === null) return;
    eachLine(source, (line) => {
      if (!line.startsWith("\u0000")) return onLine(line, stream);
      const mark = marks.get(line);
      if (mark !== undefined && ++mark.seen === 2) mark.done();
    });
  };
  listen("stdout");
  listen("stderr");
  return {
    marked: (requestId) =>
      new Promise((resolve) => {
        const key = endOfOutput(requestId);
        const timer = setTimeout(() => done(), outputGraceMs * 10);
        timer.unref();
        const done = (): void => {
          clearTimeout(timer);
          marks.delete(key);
          resolve();
        };
        marks.set(key, { seen: 0, done });
      }),
  };
}

type Memory = { readonly peak: () => number; readonly wasExceeded: () => boolean };

function watchMemory(child: ChildProcess, memoryMb: number, isAlive: () => boolean): Memory {
  const limit = memoryMb * 1024 * 1024;
  let peak = 0;
  let exceeded = false;
  const look = async (): Promise<void> => {
    if (!isAlive() || child.pid === undefined) return;
    const bytes = (await residentBytes(child.pid)) ?? 0;
    peak = Math.max(peak, bytes);
    if (bytes > limit) {
      exceeded = true;
      child.kill("SIGKILL");
    }
  };
  const timer = setInterval(() => void look(), memoryLookEveryMs);
  timer.unref();
  child.once("exit", () => clearInterval(timer));
  return { peak: () => Math.min(peak, limit), wasExceeded: () => exceeded };
}

async function initError(
  child: ChildProcess,
  ended: Promise<Ending>,
  timeoutMs: number,
): Promise<ErrorPayload | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const answered = new Promise<ErrorPayload | undefined>((resolve) => {
    child.once("message", (message: FromChild) =>
      resolve(message.kind === "init-failed" || message.kind === "crashed" ? message.error : undefined),
    );
    void ended.then((ending) => setTimeout(() => resolve(exited("init", describeEnd(ending))), reportGraceMs));
    timer = setTimeout(() => resolve(timedOut("init", timeoutMs)), timeoutMs);
  });
  const error = await answered;
  clearTimeout(timer);
  return error;
}

type Parts = { readonly life: Life; readonly output: Output; readonly memory: Memory; readonly initMs: number };

function sandboxOf(child: ChildProcess, options: SandboxOptions, parts: Parts): Sandbox {
  const { life, memory } = parts;
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await life.ended;
  };
  return {
    pid: child.pid ?? -1,
    functionName: options.functionName,
    initMs: parts.initMs,
    isAlive: life.isAlive,
    peakMemoryBytes: memory.peak,
    kill,
    run: async (invocation) => {
      const marked = parts.output.marked(invocation.requestId);
      const outcome = await answerOf(child, invocation, parts);
      await Promise.race([marked, outcome.kind === "failed" && !life.isAlive() ? delay(50) : delay(outputGraceMs)]);
      return outcome;
    },
  };
}

/** The first of: the handler's answer, the time limit, the end of the child. */
function answerOf(child: ChildProcess, invocation: SandboxInvocation, parts: Parts): Promise<SandboxOutcome> {
  const { requestId, timeoutMs } = invocation;
  return new Promise((resolve) => {
    const settle = (outcome: SandboxOutcome): void => {
      clearTimeout(timer);
      child.off("message", onMessage);
      resolve(outcome);
    };
    const onMessage = (message: FromChild): void => {
      if (message.kind === "succeeded" && message.requestId === requestId) {
        settle({ kind: "succeeded", payload: message.payload });
      } else if (message.kind === "failed" && message.requestId === requestId) {
        settle({ kind: "failed", error: message.error });
      } else if (message.kind === "crashed") {
        // The child is no longer to be trusted with the next invocation: wait until it is gone.
        void parts.life.ended.then(() => settle({ kind: "failed", error: message.error }));
      }
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      settle({ kind: "failed", error: timedOut(requestId, timeoutMs) });
    }, timeoutMs);
    child.on("message", onMessage);
    void parts.life.ended.then((ending) => {
      const error = endError(requestId, ending, parts.memory.wasExceeded());
      setTimeout(() => settle({ kind: "failed", error }), reportGraceMs);
    });
    const { payload, functionArn } = invocation;
    const message: ToChild = { kind: "invoke", requestId, payload, functionArn, deadlineMs: Date.now() + timeoutMs };
    child.send(message, () => {});
  });
}

function endError(requestId: string, ending: Ending, wasMemoryExceeded: boolean): ErrorPayload {
  // V8 aborts when its own heap limit is reached; Lambda reports both as out of memory.
  if (wasMemoryExceeded || ending.signal === "SIGABRT" || ending.code === 134) return outOfMemory(requestId);
  return exited(requestId, describeEnd(ending));
}

const signalWords: Readonly<Record<string, string>> = { SIGKILL: "killed", SIGTERM: "terminated", SIGABRT: "aborted" };

function describeEnd({ code, signal }: Ending): string {
  if (signal === null) return `exit status ${code ?? "unknown"}`;
  return `signal: ${signalWords[signal] ?? signal}`;
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
