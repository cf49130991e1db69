import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { localAccount } from "../account.ts";
import { AwsError, type Principal } from "../service.ts";
import type { AssumeRole, EnvironmentFor } from "../unit.ts";
import type { ErrorPayload } from "./child-protocol.ts";
import { type FunctionConfig, functionArn } from "./function-config.ts";
import { createFunctionLog, type FunctionLog, type LogLine } from "./function-log.ts";
import { type InvocationResult, maxSyncPayloadBytes, type RunningInvocation, responseTooLarge } from "./invocation.ts";
import { type Sandbox, type SandboxOutcome, type SandboxStart, startSandbox, writeChildProgram } from "./sandbox.ts";
import { createSandboxPool } from "./sandbox-pool.ts";
import { unpackOnce } from "./unpack.ts";

export type LambdaRuntimeDeps = {
  /** State folder: code under `runtime/lambda/`, logs under `logs/`. */
  readonly stateDir: string;
  readonly assumeRole: AssumeRole;
  readonly environmentFor: EnvironmentFor;
  readonly onLogLine: (line: LogLine) => void;
  /** After each invocation: the runtime's own AWS/Lambda metrics come from it. */
  readonly onInvocation?: (event: InvocationEvent) => void;
  readonly maxSandboxes?: number;
  readonly idleMs?: number;
  readonly waitMs?: number;
};

export type InvocationEvent = {
  readonly functionName: string;
  readonly requestId: string;
  readonly durationMs: number;
  readonly isError: boolean;
  readonly isThrottled: boolean;
};

export type LambdaRuntime = {
  /** Adds or replaces a function; its zip is unpacked once per content. Throws when the role is not lambda's to take. */
  deploy(config: FunctionConfig, zipFile: string): Promise<void>;
  /** Configuration by name or ARN (with or without a qualifier). Throws ResourceNotFoundException (404). */
  find(nameOrArn: string): FunctionConfig;
  list(): readonly FunctionConfig[];
  /** The role a function runs as. */
  principalOf(nameOrArn: string): Principal;
  /** Runs a function and waits. Throws AwsError when it was not run: unknown, throttled, payload too large. */
  invoke(nameOrArn: string, payload: string, options?: InvokeOptions): Promise<InvocationResult>;
  running(): readonly RunningInvocation[];
  /** Fault hook: SIGKILL of the child that runs this invocation. False when it is over. */
  kill(requestId: string): Promise<boolean>;
  sandboxes(): number;
  stop(): Promise<void>;
};

export type InvokeOptions = {
  readonly requestId?: string;
  /** Called once the child has the event, for faults at a moment. */
  readonly onRunning?: (invocation: RunningInvocation) => void;
  /** The caller made the payload and knows that it is JSON. */
  readonly isJson?: boolean;
};

type Deployed = {
  readonly config: FunctionConfig;
  readonly codeDir: string;
  readonly principal: Principal;
  readonly log: FunctionLog;
};

/** AWS gives a module 10 s to load; what did not load by then gets the function's own time once more. */
const initTimeoutMs = 10_000;
/** Two cores: more children only wait for each other. A function that is throttled by it is said so in the error. */
const defaultMaxSandboxes = 16;
const defaultIdleMs = 120_000;
const defaultWaitMs = 60_000;

/** Creates the local Lambda: functions from zips, each invocation in a child with nothing but its own environment. */
export function createLambdaRuntime(deps: LambdaRuntimeDeps): LambdaRuntime {
  const functions = new Map<string, Deployed>();
  const running = new Map<string, { readonly invocation: RunningInvocation; readonly sandbox: Sandbox }>();
  const pool = createSandboxPool({
    maxSandboxes: deps.maxSandboxes ?? defaultMaxSandboxes,
    idleMs: deps.idleMs ?? defaultIdleMs,
    waitMs: deps.waitMs ?? defaultWaitMs,
  });
  const root = path.join(deps.stateDir, "runtime", "lambda");
  mkdirSync(root, { recursive: true });
  const program = writeChildProgram(root);

  const deployed = (nameOrArn: string): Deployed => {
    const found = functions.get(functionNameOf(nameOrArn));
    if (found !== undefined) return found;
    const message = `Function not found: ${functionArn(functionNameOf(nameOrArn))}`;
    throw new AwsError("ResourceNotFoundException", message, 404, { Type: "User" });
  };

  const start = async (target: Deployed): Promise<SandboxStart> => {
    const { config, log } = target;
    const temporary = path.join(root, "tmp", config.name);
    await mkdir(temporary, { recursive: true });
    return startSandbox({
      functionName: config.name,
      codeDir: target.codeDir,
      program,
      environment: environmentOf(target, deps.environmentFor(target.principal), temporary),
      memoryMb: config.memoryMb,
      initTimeoutMs: initTimeoutMs + config.timeoutMs,
      onLine: (line) => log.line(line),
    });
  };

  const run = async (target: Deployed, payload: string, options: InvokeOptions): Promise<InvocationResult> => {
    const { config, log } = target;
    const requestId = options.requestId ?? randomUUID();
    const taken = await pool.take(config.name, config.reservedConcurrency, () => start(target));
    log.start(requestId);
    const startedAt = performance.now();
    if (taken.kind === "failed") {
      return finish(target, requestId, { kind: "failed", error: taken.error }, { startedAt, peak: 0, initMs: 0 });
    }
    const { sandbox } = taken;
    const invocation = { requestId, functionName: config.name, pid: sandbox.pid };
    running.set(requestId, { invocation, sandbox });
    try {
      const work = sandbox.run({ requestId, payload, functionArn: config.arn, timeoutMs: config.timeoutMs });
      options.onRunning?.(invocation);
      const outcome = await work;
      const initMs = taken.isWarm ? undefined : sandbox.initMs;
      return finish(target, requestId, outcome, { startedAt, peak: sandbox.peakMemoryBytes(), initMs });
    } finally {
      running.delete(requestId);
      pool.giveBack(sandbox);
    }
  };

  const finish = (target: Deployed, requestId: string, outcome: SandboxOutcome, facts: Facts): InvocationResult => {
    const { config, log } = target;
    const final = limitResponse(outcome);
    const durationMs = performance.now() - facts.startedAt;
    const errorType = final.kind === "failed" ? final.error.errorType : undefined;
    if (final.kind === "failed" && /^(Sandbox|Runtime)\./.test(final.error.errorType)) {
      log.line(
        `${new Date().toISOString()} ${requestId} ${final.error.errorMessage.replace(/^RequestId: \S+ Error: /, "")}`,
      );
    }
    const status = errorType === undefined ? "success" : errorType === "Sandbox.Timedout" ? "timeout" : "error";
    const report = { requestId, durationMs, memoryMb: config.memoryMb, peakMemoryBytes: facts.peak, status } as const;
    log.end({ ...report, initMs: facts.initMs, errorType });
    const functionName = config.name;
    deps.onInvocation?.({ functionName, requestId, durationMs, isError: errorType !== undefined, isThrottled: false });
    return final.kind === "succeeded"
      ? { requestId, functionError: undefined, payload: final.payload, durationMs }
      : { requestId, functionError: "Unhandled", payload: JSON.stringify(final.error), durationMs };
  };

  return {
    deploy: async (config, zipFile) => {
      const principal = await deps.assumeRole("lambda.amazonaws.com", config.roleArn);
      const codeDir = await unpackOnce(zipFile, path.join(root, "code"));
      const { name: functionName, logGroup } = config;
      const logDir = path.join(deps.stateDir, "logs");
      const log = createFunctionLog({ logDir, functionName, logGroup, now: Date.now, onLogLine: deps.onLogLine });
      functions.set(config.name, { config, codeDir, principal, log });
      await pool.retire(config.name);
    },
    find: (nameOrArn) => deployed(nameOrArn).config,
    list: () => [...functions.values()].map(({ config }) => config),
    principalOf: (nameOrArn) => deployed(nameOrArn).principal,
    invoke: async (nameOrArn, payload, options = {}) => {
      const target = deployed(nameOrArn);
      checkPayload(payload, options.isJson === true);
      try {
        return await run(target, payload, options);
      } catch (error) {
        const isThrottled = error instanceof AwsError && error.code === "TooManyRequestsException";
        const requestId = options.requestId ?? "";
        const functionName = target.config.name;
        if (isThrottled) deps.onInvocation?.({ functionName, requestId, durationMs: 0, isError: false, isThrottled });
        throw error;
      }
    },
    running: () => [...running.values()].map(({ invocation }) => invocation),
    kill: async (requestId) => {
      const found = running.get(requestId);
      if (found === undefined) return false;
      await found.sandbox.kill();
      return true;
    },
    sandboxes: pool.size,
    stop: pool.stop,
  };
}

type Facts = { readonly startedAt: number; readonly peak: number; readonly initMs: number | undefined };

/** `name`, `function:name`, a partial or a whole ARN, each with or without `:qualifier` → name. */
export function functionNameOf(nameOrArn: string): string {
  const name = /(?:^|:)function:([^:]+)/.exec(nameOrArn)?.[1];
  return name ?? nameOrArn.split(":")[0] ?? nameOrArn;
}

function checkPayload(payload: string, isJson: boolean): void {
  const bytes = Buffer.byteLength(payload);
  if (bytes > maxSyncPayloadBytes) {
    const message = `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${maxSyncPayloadBytes} bytes)`;
    throw new AwsError("RequestTooLargeException", message, 413, { Type: "User" });
  }
  if (isJson) return;
  try {
    JSON.parse(payload);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError("InvalidRequestContentException", `Could not parse request body into json: ${reason}`, 400);
  }
}

function limitResponse(outcome: SandboxOutcome): SandboxOutcome {
  const isTooLarge = outcome.kind === "succeeded" && Buffer.byteLength(outcome.payload) > maxSyncPayloadBytes;
  const error: ErrorPayload = responseTooLarge();
  return isTooLarge ? { kind: "failed", error } : outcome;
}

/** What the child sees: Lambda's own variables, the template's, and where the local services are. Nothing else. */
function environmentOf(
  { config, log, codeDir }: Deployed,
  services: Readonly<Record<string, string>>,
  temporary: string,
): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    // Not the person's home: their AWS profile must not reach a function.
    HOME: temporary,
    TMPDIR: temporary,
    ...config.environment,
    AWS_REGION: localAccount.region,
    AWS_DEFAULT_REGION: localAccount.region,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: config.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: log.logStream,
    LAMBDA_TASK_ROOT: codeDir,
    _HANDLER: config.handler,
    ...services,
  };
}
