import { describe, expect, test } from "@jest/globals";
import type { InvokeOutcome } from "../../../../local/aws/event-source-mapping/deliver-batch.ts";
import { readMappingConfig } from "../../../../local/aws/event-source-mapping/mapping-config.ts";
import { createQueueMapping, type QueueMessage } from "../../../../local/aws/event-source-mapping/queue-mapping.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

const queueArn = "arn:aws:sqs:eu-west-1:000000000000:notices";
const message = (id: string): QueueMessage => ({
  messageId: id,
  receiptHandle: `handle-${id}`,
  body: `body ${id}`,
  attributes: { ApproximateReceiveCount: "1" },
  messageAttributes: {},
  md5OfBody: "0",
});

type Delivered = { readonly events: unknown[]; readonly deleted: string[]; readonly logged: string[] };

/** Hands out the given receives one after the other, then nothing. */
async function deliver(
  receives: readonly (readonly QueueMessage[])[],
  answer: (call: number) => InvokeOutcome,
  properties: Record<string, unknown> = {},
): Promise<Delivered> {
  const config = readMappingConfig({
    logicalId: "Notices",
    type: "",
    properties: {
      FunctionName: "notify",
      EventSourceArn: queueArn,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ...properties,
    },
  });
  if (config.kind !== "queue") throw new Error("not a queue mapping");
  const result: Delivered = { events: [], deleted: [], logged: [] };
  const clock = createManualClock();
  const left = [...receives];
  let isEmpty: () => void = () => {};
  const drained = new Promise<void>((resolve) => {
    isEmpty = resolve;
  });
  const mapping = createQueueMapping({
    config,
    clock,
    queue: {
      receive: async (_, maximum) => {
        await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(1000);
        const next = left.shift();
        if (next === undefined) isEmpty();
        return (next ?? []).slice(0, maximum);
      },
      delete: async (_, handles) => void result.deleted.push(...handles),
    },
    invoke: async (payload) => {
      result.events.push(JSON.parse(payload));
      return answer(result.events.length);
    },
    log: (code) => {
      result.logged.push(code);
      setImmediate(() => void clock.advance(2000));
    },
  });
  mapping.start();
  await drained;
  await new Promise((resolve) => setImmediate(resolve));
  await mapping.stop(1000);
  return result;
}

const answered = (value: unknown): InvokeOutcome => ({
  kind: "answered",
  payload: JSON.stringify(value),
  requestId: "r",
});

describe("a queue mapping", () => {
  test("hands messages over in SQS's shape and deletes them when the function succeeds", async () => {
    const { events, deleted } = await deliver([[message("a"), message("b")]], () => answered(null));
    expect(events).toEqual([
      {
        Records: ["a", "b"].map((id) => ({
          ...message(id),
          eventSource: "aws:sqs",
          eventSourceARN: queueArn,
          awsRegion: "eu-west-1",
        })),
      },
    ]);
    expect(deleted).toEqual(["handle-a", "handle-b"]);
  });

  test("keeps the messages that the function reports as failed", async () => {
    const reply = { batchItemFailures: [{ itemIdentifier: "a" }] };
    const { deleted } = await deliver([[message("a"), message("b")]], () => answered(reply));
    expect(deleted).toEqual(["handle-b"]);
  });

  test.each([
    ["an unknown message", answered({ batchItemFailures: [{ itemIdentifier: "x" }] })],
    ["nothing that can be read", answered({ batchItemFailures: "a" })],
    ["an error", { kind: "function-error", payload: "{}", requestId: "r" } as const],
    ["that it was throttled", { kind: "not-run", reason: "429" } as const],
  ])("keeps all of them when the function reports %s", async (_, outcome) => {
    const { deleted, logged } = await deliver([[message("a")]], () => outcome);
    expect(deleted).toEqual([]);
    expect(logged).toContain("queue-batch-failed");
  });

  test("gathers messages up to its batch size within its window", async () => {
    const receives = [[message("a")], [message("b")], [message("c")]];
    const { events } = await deliver(receives, () => answered(null), {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 60,
    });
    expect(events).toEqual([]);
    const short = await deliver(receives, () => answered(null), { BatchSize: 2, MaximumBatchingWindowInSeconds: 60 });
    expect(short.events).toHaveLength(1);
  });
});
