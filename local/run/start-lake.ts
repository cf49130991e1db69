import { mkdir } from "node:fs/promises";
import path from "node:path";
import { describeError, WikilakeError } from "../../lib/platform/errors.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createUnitLog } from "../aws/unit-log.ts";
import { describeProgress } from "../engines/install/progress.ts";
import { installEngines } from "../engines/install-engines.ts";
import { parentWatchOption, sparkOf } from "../engines/spark-installation.ts";
import { type RunningEngines, startEngines } from "../engines/start-engines.ts";
import type { Source } from "./choose-source.ts";
import { type Cloud, createCloud } from "./create-cloud.ts";
import { lagOf, runCycle } from "./cycle.ts";
import { keepStatus } from "./keep-status.ts";
import type { Lake } from "./lake.ts";
import { localStack } from "./local-stack.ts";
import { createProblems, type Problems } from "./problems.ts";
import { realiseStack } from "./realise-stack.ts";
import { readRunFile, removeRunFile, writeRunFile } from "./run-file.ts";
import { createShimMonitor } from "./shim-monitor.ts";
import { shimOverrides } from "./shim-overrides.ts";
import { defaultRate, type Simulator, simulatorHours, startSimulator } from "./simulator.ts";
import type { Packaged, StartLakeOptions } from "./start-options.ts";
import { treeMemoryMiB } from "./tree-memory.ts";

/** A lake with its inner parts, for tests that kill, pause and repeat them. */
export type LocalLake = Lake & {
  readonly cloud: Cloud;
  readonly engines: RunningEngines;
  /** Address of the simulated feed; undefined with another source. */
  readonly simulatorUrl: string | undefined;
};

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
    stackName: localStack.name,
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
    stage: localStack.stage,
    source: describeSource(options.source, simulator),
    environment,
    engines: addresses(engines),
  });
  cleanups.push(async () => removeRunFile(stateDir));
  const status = keepStatus(stateDir, cloud, monitor, problems);
  cleanups.push(status.stop);
  progress(`the lake runs: ${describeSource(options.source, simulator)}; state in ${stateDir}`);
  return {
    stage: localStack.stage,
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
    runCycle: () => {
      const starter = String(stack.resources.get("StartJobLambdaFunction")?.realised.ref);
      return runCycle(cloud, starter, options.once && options.source.kind !== "file" ? "catchup" : "auto");
    },
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
  const packaging = packageStage({ stage: localStack.stage, outDir: path.join(stateDir, "package"), signal, progress });
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

const addresses = ({ s3, catalog, kafka, trino }: RunningEngines): Record<string, string> => ({
  s3: s3.endpoint,
  catalog: catalog.uri,
  kafka: kafka.brokers.join(","),
  trino: trino.url,
});
