import { setTimeout as sleep } from "node:timers/promises";
import { describeError, WikilakeError } from "../../../lib/platform/errors.ts";
import {
  type EngineCommand,
  type EngineProcess,
  type ProcessExit,
  readLogTail,
  type SpawnEngine,
} from "./engine-process.ts";

/** What an engine does, as it happens. `name` is the process: `s3`, `catalog`, `trino`, `kafka` (or `kafka-1` …). */
export type EngineEvent =
  | { readonly kind: "starting"; readonly name: string }
  | { readonly kind: "ready"; readonly name: string; readonly pid: number; readonly elapsedMs: number }
  | { readonly kind: "crashed"; readonly name: string; readonly reason: string; readonly restartInMs: number }
  | { readonly kind: "gave-up"; readonly name: string; readonly error: WikilakeError }
  | { readonly kind: "stopped"; readonly name: string };

/** One process to keep running. */
export type EngineDefinition = {
  readonly name: string;
  readonly command: EngineCommand;
  /** Writes configuration and whatever the first start needs; called before every start. */
  readonly prepare: () => Promise<void>;
  /** One look; false or a throw means not yet. */
  readonly isReady: () => Promise<boolean>;
  readonly startTimeoutMs: number;
  readonly stopGraceMs: number;
};

export type SupervisorDeps = {
  readonly spawn: SpawnEngine;
  readonly now: () => number;
  readonly onEvent: (event: EngineEvent) => void;
  /** Called whenever a process begins or ends, before it is used: the pid file is written here. */
  readonly onProcess: (name: string, pid: number | undefined) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
};

export type Supervisor = {
  readonly name: string;
  /** Resolves when the engine answers. Rejects with ENGINE_FAILED (or DISK_FULL, PORT_TAKEN) when it does not. */
  readonly start: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly pid: () => number | undefined;
};

/** More crashes than this within the window are no bad luck: the run ends with the reason. */
const maxRestarts = 3;
const restartWindowMs = 600_000;
/** Waits before the first, second and third restart, so that whatever made it crash may pass. */
const restartDelaysMs = [500, 2_000, 5_000] as const;
/** Pause between two looks at whether an engine answers. */
const readyEveryMs = 150;
/** Lines of its log that go into the reason of a crash. */
const reasonLines = 8;

type State = { process?: EngineProcess | undefined; stopping: boolean; crashes: number[] };

/** Keeps one engine running: starts it, starts it again when it dies by itself, and gives up after too many times. */
export function supervise(definition: EngineDefinition, deps: SupervisorDeps): Supervisor {
  const state: State = { stopping: false, crashes: [] };
  const { name } = definition;

  const start = async (): Promise<void> => {
    state.stopping = false;
    const startedAt = deps.now();
    deps.onEvent({ kind: "starting", name });
    await definition.prepare();
    const child = await deps.spawn(definition.command);
    state.process = child;
    await deps.onProcess(name, child.pid);
    await waitUntilReady(definition, child, deps);
    deps.onEvent({ kind: "ready", name, pid: child.pid, elapsedMs: deps.now() - startedAt });
    void child.exited.then((exit) => (state.process === child ? onExit(exit) : undefined));
  };

  const onExit = async (exit: ProcessExit): Promise<void> => {
    if (state.stopping) return;
    await forget();
    const error = await exitError(definition, exit);
    const now = deps.now();
    state.crashes = [...state.crashes.filter((at) => now - at < restartWindowMs), now];
    const restartInMs = restartDelaysMs[state.crashes.length - 1];
    if (restartInMs === undefined || state.crashes.length > maxRestarts) {
      deps.onEvent({ kind: "gave-up", name, error });
      return;
    }
    deps.onEvent({ kind: "crashed", name, reason: error.message, restartInMs });
    await sleep(restartInMs);
    if (state.stopping) return;
    await start().catch((cause: unknown) => giveUpUnlessStopping(cause));
  };

  const giveUpUnlessStopping = (cause: unknown): void => {
    if (state.stopping) return;
    const error = cause instanceof WikilakeError ? cause : engineFailed(name, describeError(cause), cause);
    deps.onEvent({ kind: "gave-up", name, error });
  };

  const forget = async (): Promise<void> => {
    state.process = undefined;
    await deps.onProcess(name, undefined);
  };

  const stop = async (): Promise<void> => {
    state.stopping = true;
    const child = state.process;
    if (child === undefined) return;
    await child.stop(definition.stopGraceMs);
    await forget();
    deps.onEvent({ kind: "stopped", name });
  };

  const restart = async (): Promise<void> => {
    await stop();
    await start();
  };

  return { name, start, restart, stop, pid: () => state.process?.pid };
}

async function waitUntilReady(definition: EngineDefinition, child: EngineProcess, deps: SupervisorDeps): Promise<void> {
  const deadline = deps.now() + definition.startTimeoutMs;
  let exit: ProcessExit | undefined;
  void child.exited.then((found) => {
    exit = found;
  });
  while (!(await definition.isReady().catch(() => false))) {
    if (deps.signal?.aborted)
      throw new WikilakeError("START_INTERRUPTED", "Stopped while starting.", { retriable: true });
    if (exit !== undefined) throw await exitError(definition, exit);
    if (deps.now() > deadline) {
      await child.stop(definition.stopGraceMs);
      const seconds = Math.round(definition.startTimeoutMs / 1000);
      throw engineFailed(definition.name, `does not answer after ${seconds} s; see ${definition.command.logFile}`);
    }
    await sleep(readyEveryMs);
  }
}

/** Why it ended, out of its log where that says something a person can act on. */
async function exitError({ name, command }: EngineDefinition, exit: ProcessExit): Promise<WikilakeError> {
  const lines = await readLogTail(command.logFile, reasonLines);
  const text = lines.join("\n");
  if (/no space left on device|disk quota exceeded/i.test(text)) {
    return new WikilakeError("DISK_FULL", `${name} ended because the disk is full (${command.cwd}).`, {
      retriable: true,
    });
  }
  if (/address already in use|failed to bind/i.test(text)) {
    return new WikilakeError("PORT_TAKEN", `${name} ended because its port is taken.`, { retriable: true });
  }
  const how = exit.signal === null ? `exit code ${exit.code}` : exit.signal;
  return engineFailed(name, `ended (${how}); the end of ${command.logFile}:\n${text}`);
}

const engineFailed = (name: string, what: string, cause?: unknown): WikilakeError =>
  new WikilakeError("ENGINE_FAILED", `${name} ${what}`, { retriable: true, cause });
