import { WikilakeError } from "../../../lib/platform/errors.ts";
import { fileError } from "../install/install-errors.ts";
import type { EngineCommand, EngineProcess, ProcessExit, SpawnEngine } from "./engine-process.ts";

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
  readonly sleep: (ms: number) => Promise<unknown>;
  /** Space left on the disk of a folder. */
  readonly freeBytes: (folder: string) => Promise<number>;
  /** The last lines of a log, for the reason of a crash. */
  readonly readLogTail: (logFile: string, lines: number) => Promise<readonly string[]>;
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

/** Crashes longer ago than this are forgotten. */
const restartWindowMs = 600_000;
/** Waits before the first, second and third restart; a fourth crash within the window is no bad luck, and ends the run. */
const restartDelaysMs = [500, 2_000, 5_000] as const;
/** Pause between two looks at whether an engine answers. */
const readyEveryMs = 150;
/** With less than this on the disk an engine that ends has ended for want of it; its log may not even have got the line. */
const almostFullBytes = 1_000_000;
/** Lines of its log that go into the reason of a crash. */
const reasonLines = 8;

type State = {
  process?: EngineProcess | undefined;
  /** The start under way, settled or not; a stop waits for it, so that nothing is spawned behind its back. */
  starting: Promise<void>;
  /** Goes up with every start and stop asked for: a restart planned before one of them is off. */
  turn: number;
  wanted: boolean;
  crashes: readonly number[];
};

/** Keeps one engine running: starts it, starts it again when it dies by itself, and gives up after too many times. */
export function supervise(definition: EngineDefinition, deps: SupervisorDeps): Supervisor {
  const state: State = { starting: Promise.resolve(), turn: 0, wanted: false, crashes: [] };
  const { name } = definition;
  const start = (): Promise<void> => {
    state.turn += 1;
    state.wanted = true;
    return launch(definition, deps, state);
  };
  const stop = async (): Promise<void> => {
    state.turn += 1;
    state.wanted = false;
    const wasRunning = await endProcess(definition, state);
    await state.starting.catch(() => undefined);
    if (!(await endProcess(definition, state)) && !wasRunning) return;
    await forget(definition, deps, state);
    deps.onEvent({ kind: "stopped", name });
  };
  const restart = async (): Promise<void> => {
    await stop();
    await start();
  };
  return { name, start, restart, stop, pid: () => state.process?.pid };
}

function launch(definition: EngineDefinition, deps: SupervisorDeps, state: State): Promise<void> {
  state.starting = startOnce(definition, deps, state);
  return state.starting;
}

async function startOnce(definition: EngineDefinition, deps: SupervisorDeps, state: State): Promise<void> {
  const { name } = definition;
  const startedAt = deps.now();
  deps.onEvent({ kind: "starting", name });
  await definition.prepare();
  throwIfUnwanted(deps, state);
  const child = await deps.spawn(definition.command);
  state.process = child;
  await deps.onProcess(name, child.pid);
  await waitUntilReady(definition, child, deps, state);
  deps.onEvent({ kind: "ready", name, pid: child.pid, elapsedMs: deps.now() - startedAt });
  child.exited
    .then(async (exit) => {
      if (!state.wanted || state.process !== child) return;
      await forget(definition, deps, state);
      await recover(definition, deps, state, await exitError(definition, deps, exit));
    })
    .catch((cause: unknown) => giveUp(definition, deps, state, cause));
}

/** After an end that nobody asked for: reports it, and starts again unless it has happened too often. */
async function recover(definition: EngineDefinition, deps: SupervisorDeps, state: State, reason: WikilakeError) {
  const { turn } = state;
  const now = deps.now();
  state.crashes = [...state.crashes.filter((at) => now - at < restartWindowMs), now];
  const restartInMs = restartDelaysMs[state.crashes.length - 1];
  if (restartInMs === undefined) return giveUp(definition, deps, state, reason);
  deps.onEvent({ kind: "crashed", name: definition.name, reason: reason.message, restartInMs });
  await deps.sleep(restartInMs);
  if (state.turn !== turn) return;
  try {
    await launch(definition, deps, state);
  } catch (error) {
    if (state.turn !== turn || !(error instanceof WikilakeError)) throw error;
    await endProcess(definition, state);
    await recover(definition, deps, state, error);
  }
}

function giveUp(definition: EngineDefinition, deps: SupervisorDeps, state: State, cause: unknown): void {
  if (!state.wanted) return;
  const { name, command } = definition;
  const known = fileError(cause, command.cwd, "give another state folder");
  const error = known instanceof WikilakeError ? known : engineFailed(name, "cannot be started again", cause);
  deps.onEvent({ kind: "gave-up", name, error });
}

/** True when there was a process to end. */
async function endProcess({ stopGraceMs }: EngineDefinition, state: State): Promise<boolean> {
  if (state.process === undefined) return false;
  await state.process.stop(stopGraceMs);
  return true;
}

async function forget({ name }: EngineDefinition, deps: SupervisorDeps, state: State): Promise<void> {
  state.process = undefined;
  await deps.onProcess(name, undefined);
}

function throwIfUnwanted(deps: SupervisorDeps, state: State): void {
  if (state.wanted && deps.signal?.aborted !== true) return;
  throw new WikilakeError("START_INTERRUPTED", "Stopped while starting.", { retriable: true });
}

async function waitUntilReady(
  definition: EngineDefinition,
  child: EngineProcess,
  deps: SupervisorDeps,
  state: State,
): Promise<void> {
  const deadline = deps.now() + definition.startTimeoutMs;
  let exit: ProcessExit | undefined;
  void child.exited.then((found) => {
    exit = found;
  });
  while (!(await definition.isReady().catch(() => false))) {
    throwIfUnwanted(deps, state);
    if (exit !== undefined) throw await exitError(definition, deps, exit);
    if (deps.now() > deadline) {
      await child.stop(definition.stopGraceMs);
      const seconds = Math.round(definition.startTimeoutMs / 1000);
      throw engineFailed(definition.name, `does not answer after ${seconds} s; see ${definition.command.logFile}`);
    }
    await deps.sleep(readyEveryMs);
  }
}

/** Why it ended, out of its log where that says something a person can act on. */
async function exitError(
  { name, command }: EngineDefinition,
  deps: SupervisorDeps,
  exit: ProcessExit,
): Promise<WikilakeError> {
  const lines = await deps.readLogTail(command.logFile, reasonLines);
  const text = lines.join("\n");
  const isFull = (await deps.freeBytes(command.cwd)) < almostFullBytes;
  if (isFull || /no space left on device|disk quota exceeded/i.test(text)) {
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
