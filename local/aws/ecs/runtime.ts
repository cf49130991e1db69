import { randomBytes } from "node:crypto";
import path from "node:path";
import { arn } from "../account.ts";
import { AwsError } from "../service.ts";
import type { AssumeRole, Clock, EnvironmentFor } from "../unit.ts";
import { createUnitLog } from "../unit-log.ts";
import { startTask, type Task, type TaskEnd } from "./task.ts";
import type { TaskDefinition } from "./task-definition.ts";

export type ServiceConfig = {
  readonly name: string;
  readonly arn: string;
  readonly cluster: string;
  readonly taskDefinitionArn: string;
  readonly desiredCount: number;
  readonly isInVpc: boolean;
};

export type EcsRuntimeDeps = {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly assumeRole: AssumeRole;
  readonly environmentFor: EnvironmentFor;
  /** The program inside the image of a task family, as the packaged stage built it. */
  readonly bundleFor: (definition: TaskDefinition) => string;
  /** What this run sets over the container's environment, e.g. where the events come from. */
  readonly overridesFor: (serviceName: string) => TaskOverrides;
  readonly onLogLine: (line: TaskLogLine) => void;
};

export type TaskOverrides = {
  readonly environment: Readonly<Record<string, string>>;
  /** Exit code 0 means that the work is done (a file was read to its end): the task is not started again. */
  readonly mayFinish: boolean;
};

export type TaskLogLine = {
  readonly serviceName: string;
  readonly logGroup: string;
  readonly logStream: string;
  readonly timeMs: number;
  readonly line: string;
};

export type ServiceView = {
  readonly config: ServiceConfig;
  readonly desiredCount: number;
  readonly state: "running" | "waiting" | "stopped" | "finished";
  readonly task: { readonly arn: string; readonly pid: number | undefined; readonly startedMs: number } | undefined;
  readonly restarts: number;
  readonly lastEnd: TaskEnd | undefined;
  readonly deployedMs: number;
};

export type EcsRuntime = {
  addTaskDefinition(definition: TaskDefinition): void;
  taskDefinition(arnOrFamily: string): TaskDefinition;
  /** Checks the roles and starts the task. */
  addService(config: ServiceConfig): Promise<void>;
  /** By name or ARN; throws ServiceNotFoundException. */
  service(nameOrArn: string): ServiceView;
  services(): readonly ServiceView[];
  /** Stops the running task first when told to deploy anew: two would double the feed. */
  update(
    nameOrArn: string,
    change: { readonly desiredCount?: number; readonly forceNewDeployment?: boolean },
  ): Promise<void>;
  /** As StopTask: the service starts another one. */
  stopTask(taskArnOrId: string): Promise<void>;
  /** Fault hook: SIGKILL of the service's task. */
  kill(name: string): boolean;
  /** Resolves when a task that may finish has ended with code 0. */
  finished(name: string): Promise<void>;
  stop(): Promise<void>;
};

type Entry = {
  readonly config: ServiceConfig;
  readonly definition: TaskDefinition;
  readonly waiters: (() => void)[];
  desiredCount: number;
  task: Task | undefined;
  isFinished: boolean;
  isStopping: boolean;
  failuresInRow: number;
  restarts: number;
  lastEnd: TaskEnd | undefined;
  deployedMs: number;
  cancelRestart: (() => void) | undefined;
};

const firstRestartMs = 1000;
const longestRestartMs = 60_000;
/** A task that ran this long is healthy: the wait before its next start begins anew. */
const healthyMs = 60_000;

/** Fargate services as children of this process: one task each, started again when it ends. */
export function createEcsRuntime(deps: EcsRuntimeDeps): EcsRuntime {
  const definitions = new Map<string, TaskDefinition>();
  const entries = new Map<string, Entry>();
  let isStopped = false;

  const find = (nameOrArn: string): Entry => {
    const found = entries.get(nameOrArn.split("/").at(-1) ?? "");
    if (found !== undefined) return found;
    throw new AwsError("ServiceNotFoundException", "Service not found.");
  };

  const start = async (entry: Entry): Promise<void> => {
    if (isStopped || entry.task !== undefined || entry.desiredCount === 0) return;
    const { definition, config } = entry;
    const principal = await deps.assumeRole("ecs-tasks.amazonaws.com", definition.taskRoleArn);
    const overrides = deps.overridesFor(config.name);
    const taskId = randomBytes(16).toString("hex");
    const logStream = `${definition.logPrefix}/${definition.containerName}/${taskId}`;
    const file = createUnitLog(path.join(deps.stateDir, "logs", `${definition.containerName}.log`));
    const task = startTask({
      taskArn: arn("ecs", `task/${config.cluster}/${taskId}`),
      definition,
      bundle: deps.bundleFor(definition),
      environment: { ...overrides.environment, ...deps.environmentFor(principal) },
      onLine: (line) => {
        file.write(line);
        const { logGroup } = definition;
        deps.onLogLine({ serviceName: config.name, logGroup, logStream, timeMs: deps.clock.now(), line });
      },
    });
    entry.task = task;
    void task.ended.then((end) => onEnd(entry, task, end, overrides.mayFinish));
  };

  const onEnd = (entry: Entry, task: Task, end: TaskEnd, mayFinish: boolean): void => {
    entry.task = undefined;
    entry.lastEnd = end;
    if (isStopped || entry.isStopping) return;
    if (mayFinish && end.exitCode === 0) {
      entry.isFinished = true;
      for (const wake of entry.waiters.splice(0)) wake();
      return;
    }
    const wasHealthy = Date.now() - task.startedMs >= healthyMs;
    entry.failuresInRow = wasHealthy ? 1 : entry.failuresInRow + 1;
    const delayMs = Math.min(longestRestartMs, firstRestartMs * 2 ** (entry.failuresInRow - 1));
    entry.cancelRestart = deps.clock.after(delayMs, () => {
      entry.cancelRestart = undefined;
      entry.restarts += 1;
      void start(entry);
    });
  };

  const halt = async (entry: Entry): Promise<void> => {
    entry.cancelRestart?.();
    entry.cancelRestart = undefined;
    entry.isStopping = true;
    await entry.task?.stop();
    entry.isStopping = false;
  };

  return {
    addTaskDefinition: (definition) => void definitions.set(definition.family, definition),
    taskDefinition: (arnOrFamily) => {
      const family = arnOrFamily.split("/").at(-1)?.split(":")[0] ?? "";
      const found = definitions.get(family);
      if (found !== undefined) return found;
      throw new AwsError("ClientException", `TaskDefinition ${arnOrFamily} not found.`);
    },
    addService: async (config) => {
      const definition = definitions.get(config.taskDefinitionArn.split("/").at(-1)?.split(":")[0] ?? "");
      if (definition === undefined) throw new AwsError("ClientException", "TaskDefinition not found.");
      if (definition.executionRoleArn !== undefined) {
        await deps.assumeRole("ecs-tasks.amazonaws.com", definition.executionRoleArn);
      }
      const entry: Entry = {
        config,
        definition,
        waiters: [],
        desiredCount: config.desiredCount,
        task: undefined,
        isFinished: false,
        isStopping: false,
        failuresInRow: 0,
        restarts: 0,
        lastEnd: undefined,
        deployedMs: deps.clock.now(),
        cancelRestart: undefined,
      };
      entries.set(config.name, entry);
      await start(entry);
    },
    service: (nameOrArn) => view(find(nameOrArn)),
    services: () => [...entries.values()].map(view),
    update: async (nameOrArn, { desiredCount, forceNewDeployment }) => {
      const entry = find(nameOrArn);
      if (desiredCount !== undefined && desiredCount > 1) {
        throw new AwsError("InvalidParameterException", "more than one task of a service has no local counterpart");
      }
      entry.desiredCount = desiredCount ?? entry.desiredCount;
      if (forceNewDeployment === true || entry.desiredCount === 0) await halt(entry);
      if (forceNewDeployment === true) {
        entry.deployedMs = deps.clock.now();
        entry.isFinished = false;
      }
      if (!entry.isFinished) await start(entry);
    },
    stopTask: async (taskArnOrId) => {
      const id = taskArnOrId.split("/").at(-1) ?? "";
      const entry = [...entries.values()].find(({ task }) => task?.arn.endsWith(`/${id}`));
      if (entry === undefined) throw new AwsError("InvalidParameterException", "The referenced task was not found.");
      await halt(entry);
      await start(entry);
    },
    kill: (name) => {
      const { task } = find(name);
      task?.kill();
      return task !== undefined;
    },
    finished: (name) => {
      const entry = find(name);
      return entry.isFinished ? Promise.resolve() : new Promise((resolve) => entry.waiters.push(resolve));
    },
    stop: async () => {
      isStopped = true;
      await Promise.all([...entries.values()].map(halt));
    },
  };
}

function view(entry: Entry): ServiceView {
  const { config, desiredCount, task, restarts, lastEnd, deployedMs } = entry;
  const idle = entry.isFinished ? "finished" : desiredCount === 0 ? "stopped" : "waiting";
  return {
    config,
    desiredCount,
    state: task === undefined ? idle : "running",
    task: task === undefined ? undefined : { arn: task.arn, pid: task.pid, startedMs: task.startedMs },
    restarts,
    lastEnd,
    deployedMs,
  };
}
