import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { localAccount } from "../account.ts";
import { residentBytes } from "../process-memory.ts";
import { eachLine } from "../unit-log.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** One running container. */
export type Task = {
  readonly arn: string;
  readonly pid: number | undefined;
  readonly startedMs: number;
  readonly ended: Promise<TaskEnd>;
  /** SIGTERM, and SIGKILL when StopTimeout is over. Resolves when the process is gone. */
  stop(): Promise<void>;
  /** SIGKILL at once: a crash. */
  kill(): void;
};

/** 137 is what ECS shows for a container that was killed. */
export type TaskEnd = { readonly exitCode: number; readonly reason: string };

export type TaskOptions = {
  readonly taskArn: string;
  readonly definition: TaskDefinition;
  /** The program that the image holds. */
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
};

const parentWatch = fileURLToPath(new URL("./parent-watch.ts", import.meta.url));
const memoryLookEveryMs = 250;
/** The rest of the container's memory is for buffers outside the heap. */
const heapShare = 0.75;
const killedExitCode = 137;

/** Starts the container's program as a child with the container's environment and nothing else. */
export function startTask(options: TaskOptions): Task {
  const { definition, bundle } = options;
  const heapMb = Math.floor(definition.memoryMb * heapShare);
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, `--import=${parentWatch}`, bundle], {
    cwd: path.dirname(bundle),
    env: containerEnvironment(options),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  if (child.stdout !== null) eachLine(child.stdout, options.onLine);
  if (child.stderr !== null) eachLine(child.stderr, options.onLine);
  let isOverMemory = false;
  const watch = setInterval(() => {
    if (child.pid === undefined) return;
    void residentBytes(child.pid).then((bytes = 0) => {
      if (bytes <= definition.memoryMb * 1024 * 1024) return;
      isOverMemory = true;
      child.kill("SIGKILL");
    });
  }, memoryLookEveryMs);
  watch.unref();
  const ended = new Promise<TaskEnd>((resolve) => {
    child.once("error", (error) => resolve({ exitCode: 1, reason: error.message }));
    child.once("close", (code, signal) => {
      clearInterval(watch);
      const reason = isOverMemory
        ? "OutOfMemoryError: container killed due to memory usage"
        : `${signal ?? `exit ${code}`}`;
      resolve({ exitCode: code ?? killedExitCode, reason });
    });
  });
  return {
    arn: options.taskArn,
    pid: child.pid,
    startedMs: Date.now(),
    ended,
    kill: () => void child.kill("SIGKILL"),
    stop: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), definition.stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

const containerEnvironment = ({ definition, environment }: TaskOptions): Record<string, string> => ({
  PATH: "/usr/local/bin:/usr/bin:/bin",
  LANG: "C.UTF-8",
  TZ: "UTC",
  ...definition.environment,
  AWS_EXECUTION_ENV: "AWS_ECS_FARGATE",
  AWS_REGION: localAccount.region,
  AWS_DEFAULT_REGION: localAccount.region,
  ...environment,
});
