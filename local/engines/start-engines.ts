import { mkdir, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WikilakeError } from "../../lib/platform/errors.ts";
import { fileError } from "./install/install-errors.ts";
import { type EngineName, engineNames, type Installation } from "./installation.ts";
import { identifyProcess } from "./process-identity.ts";
import { readLogTail, spawnEngine } from "./run/engine-process.ts";
import { createPidKeeper, type PidKeeper, reapLeftovers } from "./run/pid-file.ts";
import { defineEngines, type Endpoints, type EnginePlan, planEngines } from "./run/plan-engines.ts";
import type { Properties } from "./run/properties-file.ts";
import { createBucket } from "./run/s3.ts";
import { type EngineEvent, type Supervisor, supervise } from "./run/supervisor.ts";

export type StartOptions<Name extends EngineName = EngineName> = {
  /** Folder that everything survives in: `engines/<engine>/`, `logs/<engine>.log`. Made when it is not there. */
  readonly stateDir: string;
  /** Default: all. The catalog, and Trino with it, need `s3`; Trino needs `catalog`. */
  readonly only?: readonly Name[];
  readonly region?: string;
  /** S3 buckets that have to exist; more can be made later with createBucket. */
  readonly buckets?: readonly string[];
  /** Where Iceberg tables made without a location go. Default: a bucket of the engines' own. */
  readonly warehouse?: string;
  /** Kafka brokers; the data of a state folder belongs to the number it was begun with. Default 1. */
  readonly brokers?: 1 | 3;
  /** Broker settings on top of ours, as an MSK configuration would give them. */
  readonly kafkaProperties?: Properties;
  /** Called for everything that happens to an engine, its crashes and restarts included. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Aborting ends a start that is under way: what was started is stopped, and startEngines rejects. */
  readonly signal?: AbortSignal | undefined;
};

/** The endpoints of the engines that were asked for, and the means to run them. */
export type RunningEngines<Name extends EngineName = EngineName> = Pick<Endpoints, Name> & {
  /** Resolves with the reason when an engine could not be kept running; pending as long as all is well. */
  readonly failure: Promise<WikilakeError>;
  readonly createBucket: (bucket: string) => Promise<void>;
  /** Processes by name (`s3`, `catalog`, `trino`, `kafka` or `kafka-1` …); no pid while one is being restarted. */
  readonly processes: () => readonly { readonly name: string; readonly pid: number | undefined }[];
  /** Stops a process cleanly and starts it again on the same ports. */
  readonly restart: (name: string) => Promise<void>;
  /** Stops a process until it is restarted: an outage, for tests. */
  readonly stopOne: (name: string) => Promise<void>;
  /** Stops all, Trino first and S3 last. Safe to call twice. */
  readonly stop: () => Promise<void>;
};

type Supervisors = ReadonlyMap<EngineName, readonly Supervisor[]>;

/** A bucket for what only the engines need: Trino's notes on staging tables, and tables without a location. */
const ownBucket = "wikilake-engines";

/** Whoever uses an engine stops before it. */
const stopOrder: readonly (readonly EngineName[])[] = [["trino"], ["catalog", "kafka"], ["s3"]];

/**
 * Starts engines on free ports of 127.0.0.1 and returns once all answer. They are watched and started again when they
 * die, and they end with this process, however it ends. Throws WikilakeError: STATE_IN_USE, ENGINE_FAILED, DISK_FULL,
 * STATE_OF_OTHER_SHAPE, NO_FREE_PORT, START_INTERRUPTED; nothing is left running then.
 */
export async function startEngines<Name extends EngineName = EngineName>(
  installation: Installation,
  options: StartOptions<Name>,
): Promise<RunningEngines<Name>> {
  const stateDir = resolve(options.stateDir);
  const pids = await prepareState(stateDir).catch((error: unknown) => {
    throw fileError(error, stateDir, stateRemedy);
  });
  const plan = await planEngines({ ...options, stateDir, ownBucket });
  const failure = Promise.withResolvers<WikilakeError>();
  const onEvent = (event: EngineEvent): void => {
    options.onEvent?.(event);
    if (event.kind === "gave-up") failure.resolve(event.error);
  };
  const deps = {
    spawn: spawnEngine,
    now: Date.now,
    sleep,
    readLogTail,
    freeBytes,
    onEvent,
    onProcess: pids.set,
    signal: options.signal,
  };
  const supervisors: Supervisors = new Map(
    (options.only ?? engineNames).map((name) => {
      const definitions = defineEngines(installation, plan, name);
      return [name, definitions.map((definition) => supervise(definition, deps))];
    }),
  );
  try {
    await startAll(supervisors, plan, [ownBucket, ...(options.buckets ?? [])]);
  } catch (error) {
    await stopAll(supervisors);
    throw fileError(error, stateDir, stateRemedy);
  }
  const control = controlOf(supervisors, plan, failure.promise);
  const started = [...supervisors.keys()].map((name) => [name, plan.endpoints[name]]);
  // Exactly the names asked for, which the type of a record made from entries cannot say.
  return { ...(Object.fromEntries(started) as Pick<Endpoints, Name>), ...control };
}

const stateRemedy = "give another state folder with --state";

/** Takes the state folder into use: ends what an earlier run left behind, and begins a new list of processes. */
async function prepareState(stateDir: string): Promise<PidKeeper> {
  await mkdir(join(stateDir, "logs"), { recursive: true });
  await endLeftovers(stateDir);
  return createPidKeeper(stateDir, identifyProcess);
}

async function startAll(supervisors: Supervisors, plan: EnginePlan, buckets: readonly string[]): Promise<void> {
  const starts = [...supervisors].map(async ([engine, members]) => {
    await Promise.all(members.map((member) => member.start()));
    if (engine !== "s3") return;
    for (const bucket of buckets) await createBucket(plan.endpoints.s3.endpoint, bucket);
  });
  await Promise.all(starts);
}

async function stopAll(supervisors: Supervisors): Promise<void> {
  for (const engines of stopOrder) {
    const members = engines.flatMap((engine) => supervisors.get(engine) ?? []);
    // Each to its end: one that cannot be stopped cleanly must not keep the next from being stopped.
    await Promise.allSettled(members.map((member) => member.stop()));
  }
}

type Control = Omit<RunningEngines, EngineName>;

function controlOf(supervisors: Supervisors, plan: EnginePlan, failure: Promise<WikilakeError>): Control {
  const all = [...supervisors.values()].flat();
  const named = (name: string): Supervisor => {
    const found = all.find((supervisor) => supervisor.name === name);
    if (found !== undefined) return found;
    throw new WikilakeError("ENGINE_UNKNOWN", `No engine is called ${name}.`, { retriable: false });
  };
  let stopped: Promise<void> | undefined;
  return {
    failure,
    createBucket: (bucket) => createBucket(plan.endpoints.s3.endpoint, bucket),
    processes: () => all.map((supervisor) => ({ name: supervisor.name, pid: supervisor.pid() })),
    restart: (name) => named(name).restart(),
    stopOne: (name) => named(name).stop(),
    stop: () => {
      stopped ??= stopAll(supervisors);
      return stopped;
    },
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** How long a leftover gets to be gone: it is killed outright, and only the kernel has to tidy up. */
const reapWaitMs = 5_000;

async function endLeftovers(stateDir: string): Promise<void> {
  const kill = (pid: number): void => {
    process.kill(pid, "SIGKILL");
  };
  const reaped = await reapLeftovers(stateDir, { identify: identifyProcess, kill });
  const deadline = Date.now() + reapWaitMs;
  for (const { pid } of reaped) {
    while ((await identifyProcess(pid)) !== undefined && Date.now() < deadline) await sleep(reapPollMs);
  }
}

/** Pause between two looks at whether a killed leftover is gone. */
const reapPollMs = 20;
