import path from "node:path";
import { functionArn } from "../lambda/function-config.ts";
import type { LambdaRuntime } from "../lambda/runtime.ts";
import type { MappingControl } from "../lambda/service.ts";
import { type Authorizer, AwsError } from "../service.ts";
import type { Clock, DeliverTo } from "../unit.ts";
import { createUnitLog } from "../unit-log.ts";
import type { CreateConsumer, PartitionLag } from "./consumer-port.ts";
import type { CounterName, MetricDatum } from "./counters.ts";
import type { InvokeOutcome } from "./deliver-batch.ts";
import { failureObject } from "./failure-record.ts";
import type { MappingFaults } from "./faults.ts";
import { checkImpliedPermissions } from "./implied-permissions.ts";
import { createKafkaMapping, type KafkaMapping } from "./kafka-mapping.ts";
import { eventOf } from "./kafka-record.ts";
import type { KafkaMappingConfig, MappingConfig, QueueMappingConfig } from "./mapping-config.ts";
import { createMappingStates, type MappingState } from "./mapping-state.ts";
import { createQueueMapping, type QueuePort } from "./queue-mapping.ts";

export type MappingsDeps = {
  readonly stateDir: string;
  readonly lambda: LambdaRuntime;
  readonly authorizer: Pick<Authorizer, "check">;
  readonly createConsumer: CreateConsumer;
  /** `host:port,…` of a cluster, as the event tells it. */
  readonly bootstrapServers: (clusterArn: string) => string;
  readonly queue: QueuePort;
  readonly deliver: DeliverTo;
  readonly clock: Clock;
  readonly onMetrics: (data: readonly MetricDatum[]) => void;
  /** Wait between tries of a failed batch; AWS does not say its own. */
  readonly backOffMs?: (failures: number) => number;
};

/** A Kafka mapping as status output and tests see it. */
export type KafkaMappingView = {
  readonly uuid: string;
  readonly logicalId: string;
  readonly functionName: string;
  readonly topic: string;
  readonly groupId: string;
  readonly isEnabled: boolean;
  readonly pollers: number;
  readonly inFlight: number;
  readonly total: (name: CounterName) => number;
  readonly lag: () => Promise<readonly PartitionLag[]>;
  /** Throws while the mapping does not poll. */
  readonly faults: () => MappingFaults;
};

export type Mappings = MappingControl & {
  /** Checks what AWS checks and starts polling, unless it is disabled. A second mapping of a group is refused. */
  create(config: MappingConfig): Promise<void>;
  kafka(): readonly KafkaMappingView[];
  /** Ends all; batches in flight have `graceMs`. Nothing unfinished is committed. */
  stop(graceMs: number): Promise<void>;
};

type Running = { stop(graceMs: number): Promise<void> };
type Entry = {
  readonly config: MappingConfig;
  readonly make: () => { readonly running: Running; readonly kafka: KafkaMapping | undefined; start(): Promise<void> };
  state: MappingState;
  running: Running | undefined;
  kafka: KafkaMapping | undefined;
  problem: string | undefined;
};

/** The longest function timeout that a Kafka mapping accepts. */
const maxKafkaTimeoutMs = 14 * 60_000;
const disableGraceMs = 30_000;
const startRetryMs = 2000;

/** The event-source mappings of the stack. */
export function createMappings(deps: MappingsDeps): Mappings {
  const states = createMappingStates(deps.stateDir);
  const entries = new Map<string, Entry>();
  let isStopped = false;

  const find = (uuid: string): Entry => {
    const entry = entries.get(uuid);
    if (entry !== undefined) return entry;
    throw new AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404, {
      Type: "User",
    });
  };

  const start = async (entry: Entry): Promise<void> => {
    const made = entry.make();
    entry.running = made.running;
    entry.kafka = made.kafka;
    try {
      await made.start();
      entry.problem = undefined;
    } catch (error) {
      entry.problem = `PROBLEM: Connection error. ${error instanceof Error ? error.message : String(error)}`;
      await made.running.stop(0);
      if (entry.running !== made.running) return;
      entry.running = undefined;
      deps.clock.after(startRetryMs, () => {
        if (!isStopped && entry.state.isEnabled && entry.running === undefined) void start(entry);
      });
    }
  };

  const halt = async (entry: Entry, graceMs: number): Promise<void> => {
    const { running } = entry;
    entry.running = undefined;
    await running?.stop(graceMs);
  };

  return {
    create: async (config) => {
      checkConflicts(config, [...entries.values()], deps.lambda);
      await checkImpliedPermissions(config, deps.lambda.principalOf(config.functionName), deps.authorizer);
      const make = config.kind === "kafka" ? () => kafkaRunner(config, deps) : () => queueRunner(config, deps);
      const state = states.load(config, deps.clock.now());
      const entry: Entry = { config, make, state, running: undefined, kafka: undefined, problem: undefined };
      entries.set(config.uuid, entry);
      if (state.isEnabled) await start(entry);
    },
    describe: (uuid) => describe(find(uuid)),
    list: (wanted) =>
      [...entries.values()]
        .filter(({ config }) => wanted === undefined || functionArn(config.functionName) === wanted)
        .map(describe),
    setEnabled: async (uuid, isEnabled) => {
      const entry = find(uuid);
      if (entry.state.isEnabled === isEnabled) return;
      entry.state = { ...entry.state, isEnabled, reason: "USER_INITIATED", changedMs: deps.clock.now() };
      states.save(entry.config, entry.state);
      if (isEnabled) await start(entry);
      else await halt(entry, disableGraceMs);
    },
    kafka: () =>
      [...entries.values()].flatMap((entry) =>
        entry.config.kind === "kafka" ? [view(entry, entry.config, deps)] : [],
      ),
    stop: async (graceMs) => {
      isStopped = true;
      await Promise.all([...entries.values()].map((entry) => halt(entry, graceMs)));
    },
  };
}

function view(entry: Entry, config: KafkaMappingConfig, deps: MappingsDeps): KafkaMappingView {
  const kafka = entry.running === undefined ? undefined : entry.kafka;
  const lagOnce = async (): Promise<readonly PartitionLag[]> => {
    const consumer = deps.createConsumer(config);
    return consumer.lag().finally(consumer.stop);
  };
  return {
    uuid: config.uuid,
    logicalId: config.logicalId,
    functionName: config.functionName,
    topic: config.topic,
    groupId: config.groupId,
    isEnabled: entry.state.isEnabled,
    pollers: kafka?.pollers() ?? 0,
    inFlight: kafka?.inFlight() ?? 0,
    total: (name) => entry.kafka?.counters.total(name) ?? 0,
    lag: () => (kafka === undefined ? lagOnce() : kafka.lag()),
    faults: () => {
      if (kafka !== undefined) return kafka.faults;
      throw new AwsError("ResourceConflictException", `${config.logicalId} does not poll`, 409);
    },
  };
}

function checkConflicts(config: MappingConfig, others: readonly Entry[], lambda: LambdaRuntime): void {
  const target = lambda.find(config.functionName);
  if (config.kind !== "kafka") return;
  const isTaken = others.some(
    ({ config: other }) => other.kind === "kafka" && other.groupId === config.groupId && other.uuid !== config.uuid,
  );
  if (isTaken) {
    throw new AwsError(
      "ResourceConflictException",
      `${config.logicalId}: group ${config.groupId} has a mapping already`,
      409,
    );
  }
  if (target.timeoutMs > maxKafkaTimeoutMs) {
    const message = `${config.logicalId}: the timeout of ${target.name} is above 14 minutes`;
    throw new AwsError("InvalidParameterValueException", message);
  }
}

function kafkaRunner(config: KafkaMappingConfig, deps: MappingsDeps): ReturnType<Entry["make"]> {
  const target = deps.lambda.find(config.functionName);
  const log = logOf(config, deps);
  const { eventSourceArn, failureArn } = config;
  const source = { eventSourceArn, bootstrapServers: deps.bootstrapServers(eventSourceArn) };
  const kafka = createKafkaMapping({
    config,
    consumer: deps.createConsumer(config),
    clock: deps.clock,
    log,
    onMetrics: deps.onMetrics,
    ...(deps.backOffMs === undefined ? {} : { backOffMs: deps.backOffMs }),
    invoke: (batch, { killAfterMs }) => invoke(deps.lambda, config.functionName, eventOf(batch, source), killAfterMs),
    storeFailure: async (failed) => {
      if (failureArn === undefined) return;
      const facts = { ...source, functionArn: target.arn, mappingId: config.uuid };
      const { key, body } = failureObject(failed, facts, deps.clock.now());
      await deps.deliver(deps.lambda.principalOf(config.functionName), { destinationArn: failureArn, key, body });
    },
  });
  return { running: kafka, kafka, start: kafka.start };
}

function queueRunner(config: QueueMappingConfig, deps: MappingsDeps): ReturnType<Entry["make"]> {
  const mapping = createQueueMapping({
    config,
    queue: deps.queue,
    clock: deps.clock,
    log: logOf(config, deps),
    invoke: (payload) => invoke(deps.lambda, config.functionName, payload, undefined),
  });
  return { running: mapping, kafka: undefined, start: async () => mapping.start() };
}

/** Runs the function; what did not run (throttled, gone, machine busy) costs the batch no attempt. */
async function invoke(
  lambda: LambdaRuntime,
  functionName: string,
  payload: string,
  killAfterMs: number | undefined,
): Promise<InvokeOutcome> {
  try {
    const result = await lambda.invoke(functionName, payload, {
      isJson: true, // written here, and 6 MB take 15 ms to be read
      onRunning: ({ requestId }) => {
        if (killAfterMs !== undefined) setTimeout(() => void lambda.kill(requestId), killAfterMs);
      },
    });
    const { requestId } = result;
    const kind = result.functionError === undefined ? "answered" : "function-error";
    return { kind, payload: result.payload, requestId };
  } catch (error) {
    if (error instanceof AwsError && error.code === "RequestTooLargeException") return { kind: "too-large" };
    if (error instanceof AwsError) return { kind: "not-run", reason: `${error.code}: ${error.message}` };
    throw error;
  }
}

function logOf(config: MappingConfig, deps: MappingsDeps) {
  const file = createUnitLog(path.join(deps.stateDir, "logs", `mapping-${config.logicalId}.log`));
  return (code: string, facts: Readonly<Record<string, string | number>>): void => {
    file.write(JSON.stringify({ time: new Date(deps.clock.now()).toISOString(), code, ...facts }));
  };
}

function describe(entry: Entry): Readonly<Record<string, unknown>> {
  const { config, state } = entry;
  const { FunctionName: _, Enabled: __, ...shown } = config.properties;
  return {
    ...shown,
    UUID: config.uuid,
    EventSourceMappingArn: config.arn,
    FunctionArn: functionArn(config.functionName),
    BatchSize: config.batchSize,
    MaximumBatchingWindowInSeconds: Math.floor(config.windowMs / 1000),
    State: state.isEnabled ? (entry.running === undefined ? "Enabling" : "Enabled") : "Disabled",
    StateTransitionReason: state.reason,
    LastModified: state.changedMs / 1000,
    LastProcessingResult: entry.problem ?? "OK",
  };
}
