import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { AwsError } from "../service.ts";
import type { Clock, DeliverTo } from "../unit.ts";
import { type InvocationResult, maxAsyncPayloadBytes } from "./invocation.ts";
import type { LambdaRuntime } from "./runtime.ts";

/** Asynchronous invocation: accepted at once, tried again after function errors, then handed to the failure destination. */
export type AsyncQueue = {
  /** Keeps the event on disk and returns its request id. Throws RequestTooLargeException above 1 MiB. */
  enqueue(functionName: string, payload: string): string;
  configure(functionName: string, config: AsyncConfig): void;
  configOf(functionName: string): AsyncConfig;
  /** Events not yet done. */
  pending(): number;
  /** Resolves when nothing is pending any more. */
  idle(): Promise<void>;
  stop(): void;
};

export type AsyncConfig = {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMs: number;
  readonly onFailureArn: string | undefined;
};

/** AWS's defaults: two more attempts, events live six hours. */
export const defaultAsyncConfig: AsyncConfig = {
  maximumRetryAttempts: 2,
  maximumEventAgeMs: 6 * 3600 * 1000,
  onFailureArn: undefined,
};

/** AWS waits one minute before the second and two before the third attempt after a function error. */
const retryDelaysMs = [60_000, 120_000];
/** Throttles do not count as attempts: the wait doubles from one second to five minutes. */
const throttleDelayMs = (tries: number): number => Math.min(300_000, 1000 * 2 ** tries);

type AsyncQueueDeps = {
  readonly stateDir: string;
  readonly lambda: Pick<LambdaRuntime, "invoke" | "find" | "principalOf">;
  readonly clock: Clock;
  readonly deliver: DeliverTo;
  /** Told about what could not be delivered anywhere. */
  readonly onDropped: (functionName: string, requestId: string, reason: string) => void;
};

const eventSchema = z.object({
  requestId: z.string(),
  functionName: z.string(),
  payload: z.string(),
  acceptedMs: z.number(),
  attempts: z.number(),
});
type AsyncEvent = z.infer<typeof eventSchema>;

/** Creates the queue and takes up what an earlier run left on disk. */
export function createAsyncQueue(deps: AsyncQueueDeps): AsyncQueue {
  const dir = path.join(deps.stateDir, "runtime", "lambda", "async");
  mkdirSync(dir, { recursive: true });
  const configs = new Map<string, AsyncConfig>();
  const pending = new Map<string, () => void>();
  const idleWaiters: (() => void)[] = [];
  let stopped = false;

  const configOf = (name: string): AsyncConfig => configs.get(name) ?? defaultAsyncConfig;
  const save = (event: AsyncEvent): void => {
    const file = path.join(dir, `${event.requestId}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(event));
    renameSync(`${file}.new`, file);
  };
  const done = (event: AsyncEvent): void => {
    rmSync(path.join(dir, `${event.requestId}.json`), { force: true });
    pending.delete(event.requestId);
    if (pending.size === 0) for (const wake of idleWaiters.splice(0)) wake();
  };
  const schedule = (event: AsyncEvent, delayMs: number, throttles: number): void => {
    if (!stopped)
      pending.set(
        event.requestId,
        deps.clock.after(delayMs, () => void attempt(event, throttles)),
      );
  };

  const giveUp = async (event: AsyncEvent, condition: string, last: InvocationResult | undefined): Promise<void> => {
    const destinationArn = configOf(event.functionName).onFailureArn;
    try {
      if (destinationArn === undefined) throw new Error(condition);
      const body = JSON.stringify(failureRecord(event, condition, last, deps));
      const day = new Date(deps.clock.now()).toISOString();
      const key = `aws/lambda/async/${event.functionName}/${day.slice(0, 10).replaceAll("-", "/")}/${day}-${event.requestId}`;
      await deps.deliver(deps.lambda.principalOf(event.functionName), { destinationArn, key, body });
    } catch (error) {
      deps.onDropped(event.functionName, event.requestId, error instanceof Error ? error.message : String(error));
    }
    done(event);
  };

  const attempt = async (event: AsyncEvent, throttles: number): Promise<void> => {
    const config = configOf(event.functionName);
    if (deps.clock.now() - event.acceptedMs > config.maximumEventAgeMs) {
      return giveUp(event, "EventAgeExceeded", undefined);
    }
    let result: InvocationResult;
    try {
      result = await deps.lambda.invoke(event.functionName, event.payload, { requestId: event.requestId });
    } catch (error) {
      const isGone = error instanceof AwsError && error.status === 404;
      if (isGone) return giveUp(event, "FunctionNotFound", undefined);
      return schedule(event, throttleDelayMs(throttles), throttles + 1);
    }
    if (stopped) return;
    if (result.functionError === undefined) return done(event);
    const next = { ...event, attempts: event.attempts + 1 };
    if (next.attempts > config.maximumRetryAttempts) return giveUp(next, "RetriesExhausted", result);
    save(next);
    schedule(next, retryDelaysMs[next.attempts - 1] ?? 120_000, 0);
  };

  for (const event of leftovers(dir)) schedule(event, 0, 0);
  return {
    enqueue: (functionName, payload) => {
      checkSize(payload);
      const { name } = deps.lambda.find(functionName);
      const event = { requestId: randomUUID(), functionName: name, payload, acceptedMs: deps.clock.now(), attempts: 0 };
      save(event);
      schedule(event, 0, 0);
      return event.requestId;
    },
    configure: (functionName, config) => void configs.set(functionName, config),
    configOf,
    pending: () => pending.size,
    idle: () => (pending.size === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve))),
    stop: () => {
      stopped = true;
      for (const cancel of pending.values()) cancel();
      pending.clear();
      for (const wake of idleWaiters.splice(0)) wake();
    },
  };
}

function checkSize(payload: string): void {
  const bytes = Buffer.byteLength(payload);
  if (bytes <= maxAsyncPayloadBytes) return;
  const message = `${bytes} byte payload is too large for the Event invocation type (limit ${maxAsyncPayloadBytes} bytes)`;
  throw new AwsError("RequestTooLargeException", message, 413, { Type: "User" });
}

function leftovers(dir: string): AsyncEvent[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(".json"))
    .map((name) => eventSchema.parse(JSON.parse(readFileSync(path.join(dir, name), "utf8"))))
    .sort((a, b) => a.acceptedMs - b.acceptedMs);
}

/** AWS's record of a failed asynchronous invocation. */
function failureRecord(
  event: AsyncEvent,
  condition: string,
  last: InvocationResult | undefined,
  deps: AsyncQueueDeps,
): Record<string, unknown> {
  const { arn } = deps.lambda.find(event.functionName);
  return {
    version: "1.0",
    timestamp: new Date(deps.clock.now()).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${arn}:$LATEST`,
      condition,
      approximateInvokeCount: event.attempts,
    },
    requestPayload: JSON.parse(event.payload),
    ...(last === undefined
      ? {}
      : {
          responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: last.functionError },
          responsePayload: JSON.parse(last.payload),
        }),
  };
}
