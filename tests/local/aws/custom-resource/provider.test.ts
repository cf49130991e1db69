import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createCustomResourceProvider } from "../../../../local/aws/custom-resource/provider.ts";
import { type ResponseServer, startResponseServer } from "../../../../local/aws/custom-resource/response-server.ts";
import type { InvocationResult } from "../../../../local/aws/lambda/invocation.ts";
import type { ResourceProvider } from "../../../../local/aws/resource.ts";
import { createClock } from "../../../../local/aws/unit.ts";

type Event = Readonly<Record<string, string>> & { readonly ResourceProperties: unknown };
let stateDir = "";
let responses: ResponseServer;
let events: Event[] = [];
let provider: ResourceProvider;
let handler: (event: Event) => Promise<Partial<InvocationResult>>;

beforeEach(async () => {
  stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-custom-"));
  responses = await startResponseServer();
  events = [];
  provider = createCustomResourceProvider({
    stateDir,
    stackName: "wikilake-test",
    responses,
    clock: createClock(100),
    lambda: {
      invoke: async (_, payload) => {
        const event: Event = JSON.parse(payload);
        events.push(event);
        const end = await handler(event);
        return { requestId: "r", functionError: undefined, payload: "null", durationMs: 1, ...end };
      },
    },
  });
});
afterEach(async () => {
  await responses.close();
  rmSync(stateDir, { recursive: true, force: true });
});

async function answer(event: Event, change: Record<string, unknown> = {}): Promise<Record<string, never>> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const body = { Status: "SUCCESS", PhysicalResourceId: "tables", StackId, RequestId, LogicalResourceId, ...change };
  await fetch(event["ResponseURL"] ?? "", { method: "PUT", body: JSON.stringify(body) });
  return {};
}

const create = (properties: Record<string, unknown> = {}) =>
  provider.create({
    logicalId: "Tables",
    type: "Custom::Tables",
    properties: { ServiceToken: "arn:aws:lambda:eu-west-1:000000000000:function:migrate", ...properties },
  });

describe("a custom resource", () => {
  test("is created by its function's answer", async () => {
    handler = (event) => answer(event, { Data: { Version: "3" } });
    expect(await create({ SchemaVersion: 3, Flags: [true] })).toEqual({ ref: "tables", attributes: { Version: "3" } });
    expect(events).toMatchObject([
      {
        RequestType: "Create",
        ResourceType: "Custom::Tables",
        LogicalResourceId: "Tables",
        ResourceProperties: { SchemaVersion: "3", Flags: ["true"] },
      },
    ]);
  });

  test("is updated only when its properties change, also after a restart", async () => {
    handler = (event) => answer(event);
    await create({ SchemaVersion: 1 });
    await create({ SchemaVersion: 1 });
    expect(events).toHaveLength(1);
    await create({ SchemaVersion: 2 });
    expect(events[1]).toMatchObject({
      RequestType: "Update",
      PhysicalResourceId: "tables",
      OldResourceProperties: { SchemaVersion: "1" },
    });
  });

  test("that fails stops with the function's reason, and is tried again at the next start", async () => {
    handler = (event) => answer(event, { Status: "FAILED", Reason: "no such database" });
    await expect(create()).rejects.toThrow("Tables (Custom::Tables) failed: no such database");
    handler = (event) => answer(event);
    expect((await create()).ref).toBe("tables");
    expect(events[1]).toMatchObject({ RequestType: "Create" });
  });

  test("whose function crashes stops with the error at once", async () => {
    handler = async () => ({ functionError: "Unhandled", payload: '{"errorMessage":"boom"}' });
    await expect(create()).rejects.toThrow(/ended with an error: .*boom/);
    expect(events).toHaveLength(1);
  });

  test("that nobody answers stops when its time is over", async () => {
    handler = async () => ({});
    await expect(create({ ServiceTimeout: 10 })).rejects.toThrow("no answer within 10 s");
  });

  test.each([
    ["of another request", { RequestId: "x" }, /belongs to another request/],
    ["without a physical id", { PhysicalResourceId: "" }, /Invalid response object/],
    ["above 4 KiB", { Data: { a: "x".repeat(5000) } }, /too long/],
  ])("refuses an answer %s", async (_, change, message) => {
    handler = (event) => answer(event, change);
    await expect(create()).rejects.toThrow(message);
  });
});
