import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AsyncQueue, createAsyncQueue } from "../../../../local/aws/lambda/async-queue.ts";
import type { FunctionConfig } from "../../../../local/aws/lambda/function-config.ts";
import type { InvocationResult } from "../../../../local/aws/lambda/invocation.ts";
import { AwsError } from "../../../../local/aws/service.ts";
import type { Delivery } from "../../../../local/aws/unit.ts";
import { createManualClock, type ManualClock, settle } from "../../../support/manual-clock.ts";

const queueArn = "arn:aws:sqs:eu-west-1:000000000000:failures";
let stateDir = "";
let clock: ManualClock;
let calls: string[] = [];
let delivered: Delivery[] = [];
let dropped: string[] = [];
let outcome: () => Partial<InvocationResult>;

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-async-"));
  clock = createManualClock(Date.UTC(2026, 10, 21));
  calls = [];
  delivered = [];
  dropped = [];
  outcome = () => ({});
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function queue(): AsyncQueue {
  // Only what the queue looks at.
  const config = { name: "f", arn: "arn:f" } as FunctionConfig;
  return createAsyncQueue({
    stateDir,
    clock,
    lambda: {
      find: () => config,
      principalOf: () => ({ arn: "arn:role", roleId: "Role" }),
      invoke: async (_, payload, options) => {
        calls.push(payload);
        const requestId = options?.requestId ?? "";
        return { requestId, functionError: undefined, payload: "null", durationMs: 1, ...outcome() };
      },
    },
    deliver: async (_, delivery) => void delivered.push(delivery),
    onDropped: (_, __, reason) => dropped.push(reason),
  });
}

const failed: Partial<InvocationResult> = { functionError: "Unhandled", payload: '{"errorType":"Error"}' };
const onFailure = { maximumRetryAttempts: 2, maximumEventAgeMs: 3_600_000, onFailureArn: queueArn };

describe("an asynchronous event", () => {
  test("is accepted at once and run once when the function succeeds", async () => {
    const events = queue();
    expect(events.enqueue("f", '{"a":1}')).toMatch(/^[0-9a-f-]{36}$/);
    expect(events.pending()).toBe(1);
    await clock.advance(0);
    await events.idle();
    expect(calls).toEqual(['{"a":1}']);
  });

  test("is tried after one and two more minutes, then goes to the failure destination", async () => {
    outcome = () => failed;
    const events = queue();
    events.configure("f", onFailure);
    const requestId = events.enqueue("f", '{"a":1}');
    await clock.advance(59_999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
    await clock.advance(120_000);
    expect(calls).toHaveLength(3);
    expect(JSON.parse(delivered[0]?.body ?? "")).toEqual({
      version: "1.0",
      timestamp: expect.any(String),
      requestContext: {
        requestId,
        functionArn: "arn:f:$LATEST",
        condition: "RetriesExhausted",
        approximateInvokeCount: 3,
      },
      requestPayload: { a: 1 },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: { errorType: "Error" },
    });
    expect(events.pending()).toBe(0);
  });

  test("that is throttled waits longer and longer, without using up attempts, until it is too old", async () => {
    outcome = () => {
      throw new AwsError("TooManyRequestsException", "Rate Exceeded.", 429);
    };
    const events = queue();
    events.configure("f", { ...onFailure, maximumEventAgeMs: 60_000 });
    events.enqueue("f", "{}");
    await clock.advance(300_000);
    expect(calls.length).toBeGreaterThan(4);
    expect(JSON.parse(delivered[0]?.body ?? "").requestContext.condition).toBe("EventAgeExceeded");
  });

  test("without a destination is told about when it is lost", async () => {
    outcome = () => failed;
    const events = queue();
    events.configure("f", { ...onFailure, maximumRetryAttempts: 0, onFailureArn: undefined });
    events.enqueue("f", "{}");
    await clock.advance(0);
    expect(dropped).toEqual(["RetriesExhausted"]);
  });

  test("survives a restart", async () => {
    outcome = () => failed;
    const first = queue();
    first.enqueue("f", '{"kept":true}');
    await clock.advance(0);
    first.stop();
    outcome = () => ({});
    const second = queue();
    expect(second.pending()).toBe(1);
    await clock.advance(0);
    await settle();
    expect(calls).toEqual(['{"kept":true}', '{"kept":true}']);
    expect(second.pending()).toBe(0);
  });

  test("above 1 MiB is refused", () => {
    expect(() => queue().enqueue("f", JSON.stringify("x".repeat(1_048_576)))).toThrow(
      expect.objectContaining({ code: "RequestTooLargeException" }),
    );
  });
});
