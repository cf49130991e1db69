import { mkdir } from "node:fs/promises";
import path from "node:path";
import { describeError, WikilakeError } from "../../lib/platform/errors.ts";
import { createLogger, type Logger } from "../../lib/platform/logger.ts";
import type { TaskOverrides } from "../aws/ecs/runtime.ts";
import { createUnitLog } from "../aws/unit-log.ts";
import { describeProgress } from "../engines/install/progress.ts";
import { installEngines } from "../engines/install-engines.ts";
import { parentWatchOption, sparkOf } from "../engines/spark-installation.ts";
import { type RunningEngines, startEngines } from "../engines/start-engines.ts";
import { type RealisedStack, realise } from "../template/realise.ts";
import { loadTemplate } from "../template/template.ts";
import type { Source } from "./choose-source.ts";
import { type Cloud, type CloudOptions, createCloud } from "./create-cloud.ts";
import type { CycleOutcome, Lake } from "./lake.ts";
import { readRunFile, removeRunFile, writeRunFile } from "./run-file.ts";
import { createShimMonitor, type ShimMonitor } from "./shim-monitor.ts";
import { type Simulator, startSimulator } from "./simulator.ts";
import { writeStatusFile } from "./status-file.ts";
import { treeMemoryMiB } from "./tree-memory.ts";
import { uploadJobs } from "./upload-jobs.ts";

/** The packaged stage, as far as the runtime reads it. */
export type Packaged = {
  readonly templateFile: string;
  readonly functions: Readonly<Record<string, string>>;
  readonly shimBundle: string;
  readonly jobsFolder: string;
  readonly jobsVersion: string;
};

export type StartLakeOptions = {
  readonly stateDir: string;
  readonly source: Source;
  /** Ends with the source: no schedule runs, a finished shim stays finished. */
  readonly once: boolean;
  /** Events after which the shim stops reading. */
  readonly limit?: number | undefined;
  /** Events per second, of the simulator or of a file; a file without it goes as fast as it can. */
  readonly rate?: number | undefined;
  readonly overrides: {
    readonly parameters: Readonly<Record<string, string>>;
    readonly shim: Readonly<Record<string, string>>;
  };
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  readonly packageStage: (request: {
    stage: string;
    outDir: string;
    signal: AbortSignal;
    progress: (line: string) => void;
  }) => Promise<Packaged>;
  readonly brokers?: 1 | 3;
  readonly faults?: CloudOptions["faults"];
};

/** A lake with its inner parts, for tests that kill, pause and repeat them. */
export type LocalLake = Lake & {
  readonly cloud: Cloud;
  readonly engines: RunningEngines;
  /** Address of the simulated feed; undefined with another source. */
  readonly simulatorUrl: string | undefined;
};

const stage = "local";
const stackName = `wikilake-${stage}`;
/** Wikipedia's own mean; the simulator can do 5,000. */
const defaultRate = 35;
/** How far back the simulator can be resumed: a night's sleep of a laptop. The real feed keeps at least 7 days. */
const simulatorHours = 12;
/** What a fresh lake on the simulator starts with, so that there is something to see at once. */
const freshMinutes = 5;

/**
 * Starts everything on one machine: engines, AWS endpoints, the packaged template's resources, the source. Throws
 * WikilakeError; nothing is left running then. The caller owns the returned lake and stops it.
 */
export async function startLake(options: StartLakeOptions): Promise<LocalLake> {
  refuseSecondRun(options.stateDir);
  await mkdir(path.join(options.stateDir, "logs"), { recursive: true });
  const cleanups: (() => Promise<unknown>)[] = [];
  const stop = once(async () => {
    for (const cleanup of cleanups.splice(0).reverse())
      await cleanup().catch((error) => options.progress(`while stopping: ${describeError(error)}`));
  });
  try {
    return await bringUp(options, cleanups, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function refuseSecondRun(stateDir: string): void {
  const running = readRunFile(stateDir);
  if (!running) return;
  const message = `a lake runs already in ${stateDir} (process ${running.pid}). Stop it with Ctrl-C there, or use --state DIR for a second one.`;
  throw new WikilakeError("STATE_IN_USE", message, { retriable: false });
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}

type Cleanups = (() => Promise<unknown>)[];

async function bringUp(options: StartLakeOptions, cleanups: Cleanups, stop: () => Promise<void>): Promise<LocalLake> {
  const { stateDir, progress, signal } = options;
  const log = createUnitLog(path.join(stateDir, "logs", "runtime.log"));
  const logger = createLogger({ write: log.write });
  const problems = createProblems(logger);
  const failure = Promise.withResolvers<WikilakeError>();
  const installation = await installEngines({ progress: (event) => progress(describeProgress(event)), signal });
  const [packaged, engines] = await startBoth(options, installation, problems, cleanups);
  void engines.failure.then(failure.resolve);
  const simulator = await startSource(options, (reason) => failure.resolve(stopped("SOURCE_FAILED", reason)), cleanups);
  const monitor = createShimMonitor();
  const spark = await sparkOf(installation);
  const cloud = await createCloud({
    stackName,
    stateDir,
    engines,
    spark: { ...spark, driverJavaOptions: [parentWatchOption(installation)] },
    zipOf: (logicalId) => zipOf(packaged, logicalId),
    shimBundle: packaged.shimBundle,
    shimOverrides: () => shimOverrides(options, simulator),
    onShimLine: monitor.onLine,
    onProblem: problems.add,
    logger,
    ...(options.faults ? { faults: options.faults } : {}),
  });
  cleanups.push(cloud.stop);
  const stack = await realiseStack(options, packaged, cloud);
  const environment = cloud.operatorEnvironment;
  writeRunFile(stateDir, {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    stage,
    source: describeSource(options.source, simulator),
    environment,
    engines: addresses(engines),
  });
  cleanups.push(async () => removeRunFile(stateDir));
  const status = keepStatus(options, cloud, monitor, problems);
  cleanups.push(status.stop);
  progress(`the lake runs: ${describeSource(options.source, simulator)}; state in ${stateDir}`);
  return {
    stage,
    stateDir,
    environment,
    cloud,
    engines,
    simulatorUrl: simulator?.url,
    sourceFinished: monitor.finished,
    failure: failure.promise,
    lag: () => lagOf(cloud),
    loadOps: async () => {
      await cloud.scheduler.fire("ops-inbox");
      await cloud.asyncQueue.idle();
    },
    runCycle: () => runCycle(cloud, String(stack.resources.get("StartJobLambdaFunction")?.realised.ref)),
    memoryMiB: () => treeMemoryMiB(process.pid),
    stop,
  };
}

const stopped = (code: string, reason: string): WikilakeError => new WikilakeError(code, reason, { retriable: true });

/** Packaging uses one core and so does a JVM's start: side by side they take as long as the longer one. */
async function startBoth(
  { stateDir, signal, progress, packageStage, brokers }: StartLakeOptions,
  installation: Awaited<ReturnType<typeof installEngines>>,
  problems: Problems,
  cleanups: Cleanups,
): Promise<[Packaged, RunningEngines]> {
  progress("starting Kafka, Trino, the Iceberg catalog and S3");
  const packaging = packageStage({ stage, outDir: path.join(stateDir, "package"), signal, progress });
  const starting = startEngines(installation, {
    stateDir,
    signal,
    ...(brokers ? { brokers } : {}),
    onEvent: (event) => {
      if (event.kind === "ready") progress(`${event.name} ready after ${(event.elapsedMs / 1000).toFixed(1)} s`);
      if (event.kind === "crashed") problems.add(`${event.name} crashed (${event.reason}), restarting`);
    },
  });
  const [packaged, engines] = await Promise.allSettled([packaging, starting]);
  if (engines.status === "fulfilled") cleanups.push(engines.value.stop);
  if (packaged.status === "rejected") throw packaged.reason;
  if (engines.status === "rejected") throw engines.reason;
  return [packaged.value, engines.value];
}

async function startSource(
  options: StartLakeOptions,
  onExit: (reason: string) => void,
  cleanups: Cleanups,
): Promise<Simulator | undefined> {
  if (options.source.kind !== "sim") return undefined;
  const simulator = await startSimulator({ rate: options.rate ?? defaultRate, retentionHours: simulatorHours, onExit });
  cleanups.push(simulator.stop);
  return simulator;
}

const describeSource = (source: Source, simulator: Simulator | undefined): string =>
  source.kind === "sim" ? `simulated feed at ${simulator?.url}` : `${source.kind} ${source.url}`;

function zipOf({ functions }: Packaged, logicalId: string): string {
  const zip = functions[logicalId];
  if (zip !== undefined) return zip;
  throw new WikilakeError("PACKAGE_INCOMPLETE", `the package has no zip for ${logicalId}`, { retriable: false });
}

/** What this run sets over the template's environment of the shim: the source, nothing else. */
function shimOverrides(
  { source, once: isOnce, limit, rate, overrides }: StartLakeOptions,
  simulator: Simulator | undefined,
): TaskOverrides {
  const url = source.kind === "sim" ? (simulator?.url ?? "") : source.url;
  const pace = source.kind === "file" && rate !== undefined ? { SOURCE_RATE: String(rate) } : {};
  const start = source.kind === "sim" ? simulatedStart(limit, rate ?? defaultRate) : {};
  const environment = {
    SOURCE_URL: url,
    SOURCE_KIND: source.sourceKind,
    ...pace,
    ...start,
    ...(limit ? { SOURCE_LIMIT: String(limit) } : {}),
  };
  return { environment: { ...environment, ...overrides.shim }, mayFinish: isOnce || source.kind === "file" };
}

/** A fresh lake starts a little in the past: with a limit far enough that all its events are there at once. */
function simulatedStart(limit: number | undefined, rate: number): Record<string, string> {
  const seconds = limit === undefined ? freshMinutes * 60 : Math.ceil((limit / rate) * 1.1) + 60;
  const start = new Date(Date.now() - Math.min(seconds, simulatorHours * 3600) * 1000);
  return { SOURCE_START: start.toISOString(), SOURCE_RETENTION_HOURS: String(simulatorHours) };
}

async function realiseStack(
  { once: isOnce, overrides, signal, progress }: StartLakeOptions,
  packaged: Packaged,
  cloud: Cloud,
): Promise<RealisedStack> {
  const template = loadTemplate(packaged.templateFile);
  const parameters = { ...(isOnce ? { ScheduleState: "DISABLED" } : {}), ...overrides.parameters };
  let jobs: Promise<void> | undefined;
  const stack = await realise(template, cloud.providers, {
    stackName,
    parameters,
    signal,
    onResource: ({ logicalId, outcome, index, count }) => {
      if (outcome === "creating" && logicalId === "Tables")
        progress(`realising the template: ${index + 1} of ${count}, creating tables`);
      // Job files are there before anything could start a job.
      if (outcome === "created" && logicalId === "StageBucket") jobs = upload(packaged, cloud);
    },
  });
  await (jobs ?? upload(packaged, cloud));
  return stack;
}

const upload = ({ jobsFolder, jobsVersion }: Packaged, cloud: Cloud): Promise<void> =>
  uploadJobs({
    folder: jobsFolder,
    bucket: `${stackName}-stage-000000000000`,
    prefix: `jobs/${jobsVersion}/`,
    environment: cloud.operatorEnvironment,
  });

const addresses = ({ s3, catalog, kafka, trino }: RunningEngines): Record<string, string> => ({
  s3: s3.endpoint,
  catalog: catalog.uri,
  kafka: kafka.brokers.join(","),
  trino: trino.url,
});

async function lagOf({ mappings }: Cloud): Promise<Record<string, number>> {
  const lags = mappings.kafka().map(async (mapping) => {
    const partitions = await mapping.lag();
    return [mapping.topic, partitions.reduce((sum, { lag }) => sum + lag, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(lags));
}

/** As a person would: through the function, with force, so that only a hold or a running cycle refuses. */
async function runCycle({ lambda, jobs }: Cloud, functionName: string): Promise<CycleOutcome> {
  const event = { job: "cycle", scheduledTime: new Date().toISOString(), force: true, trigger: "manual" };
  const answer = await lambda.invoke(functionName, JSON.stringify(event));
  const verdict = JSON.parse(answer.payload) as {
    verdict?: string;
    jobRunId?: string;
    runId?: string;
    reason?: string;
    errorMessage?: string;
  }; // StartVerdict, or Lambda's error shape
  if (verdict.jobRunId === undefined)
    return { runId: "", state: verdict.verdict ?? "ERROR", details: verdict.reason ?? verdict.errorMessage ?? "" };
  const run = await jobs.finished(verdict.jobRunId);
  return { runId: verdict.runId ?? run.jobRunId, state: run.state, details: run.stateDetails };
}

type Problems = { add(problem: string): void; recent(): readonly string[] };

/** A problem is shown for this long after it was last seen. */
const problemMs = 10 * 60_000;

function createProblems(logger: Logger): Problems {
  const seen = new Map<string, number>();
  return {
    add: (problem) => {
      logger.warn("problem", { problem });
      seen.set(problem, Date.now());
    },
    recent: () => [...seen].filter(([, atMs]) => atMs > Date.now() - problemMs).map(([problem]) => problem),
  };
}

const statusEveryMs = 2000;

/** Writes status.json while the lake runs. */
function keepStatus(
  { stateDir }: StartLakeOptions,
  cloud: Cloud,
  monitor: ShimMonitor,
  problems: Problems,
): { stop(): Promise<void> } {
  const write = async (): Promise<void> => {
    const service = cloud.ecs.services()[0];
    const runs = cloud.jobs.applications().flatMap(({ id }) => cloud.jobs.list(id));
    const last = runs.toSorted((one, other) => other.createdMs - one.createdMs)[0];
    writeStatusFile(stateDir, {
      at: new Date().toISOString(),
      phase: "running",
      shim: {
        state: service?.state ?? "absent",
        restarts: service?.restarts ?? 0,
        acked: monitor.acked(),
        eventsPerSecond: monitor.eventsPerSecond(),
      },
      lag: await lagOf(cloud),
      lastJob: last && {
        id: last.jobRunId,
        name: last.request.name ?? last.jobRunId,
        state: last.state,
        ...(last.endedMs ? { endedAt: new Date(last.endedMs).toISOString() } : {}),
      },
      memoryMiB: await treeMemoryMiB(process.pid),
      problems: problems.recent(),
    });
  };
  let writing = Promise.resolve();
  const timer = setInterval(() => {
    writing = writing.then(write).catch((error) => problems.add(`status: ${describeError(error)}`));
  }, statusEveryMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await writing;
    },
  };
}
