import { z } from "zod";
import { localAccount } from "../account.ts";
import type { Clock } from "../unit.ts";
import type { InvokeOutcome } from "./deliver-batch.ts";
import type { QueueMappingConfig } from "./mapping-config.ts";

/** A message as SQS hands it out; the attributes have SQS's names. */
export type QueueMessage = {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, unknown>>;
  readonly md5OfBody: string;
};

export type QueuePort = {
  /** Up to `maximum` visible messages, waiting up to `waitMs` for the first. They are invisible for the queue's timeout. */
  receive(queueArn: string, maximum: number, waitMs: number): Promise<readonly QueueMessage[]>;
  delete(queueArn: string, receiptHandles: readonly string[]): Promise<void>;
};

export type QueueMappingDeps = {
  readonly config: QueueMappingConfig;
  readonly queue: QueuePort;
  readonly clock: Clock;
  invoke(payload: string): Promise<InvokeOutcome>;
  log(code: string, facts: Readonly<Record<string, string | number>>): void;
};

export type QueueMapping = { start(): void; stop(graceMs: number): Promise<void> };

/** SQS hands out at most ten messages a call. */
const maxReceive = 10;
const pollMs = 1000;
/** AWS starts with five pollers; one child at a time is what a laptop's notices need. */
const restMs = 1000;

const replySchema = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() });

/**
 * An SQS event-source mapping: one batch after the other; what the function has not failed is deleted, the rest becomes
 * visible again after the queue's own timeout and reaches its dead-letter queue by receive count.
 */
export function createQueueMapping(deps: QueueMappingDeps): QueueMapping {
  const { config, queue, clock } = deps;
  let isStopping = false;
  let loop: Promise<void> = Promise.resolve();
  let wake: () => void = () => {};

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  const collect = async (): Promise<readonly QueueMessage[]> => {
    const messages: QueueMessage[] = [];
    let closesAt: number | undefined;
    while (!isStopping && messages.length < config.batchSize) {
      const wanted = Math.min(maxReceive, config.batchSize - messages.length);
      const received = await queue.receive(config.eventSourceArn, wanted, pollMs);
      messages.push(...received);
      if (messages.length === 0) continue;
      closesAt ??= clock.now() + config.windowMs;
      if (clock.now() >= closesAt) break;
    }
    return messages;
  };

  const deliver = async (messages: readonly QueueMessage[]): Promise<void> => {
    const outcome = await deps.invoke(JSON.stringify({ Records: messages.map((one) => recordOf(one, config)) }));
    const done = outcome.kind === "answered" ? succeeded(messages, outcome.payload, config.readsReply) : [];
    if (done.length < messages.length) {
      const reason = outcome.kind === "answered" ? "batch item failures" : outcome.kind;
      deps.log("queue-batch-failed", { messages: messages.length, deleted: done.length, reason });
    }
    const handles = done.map(({ receiptHandle }) => receiptHandle);
    if (handles.length > 0) await queue.delete(config.eventSourceArn, handles);
    if (outcome.kind === "not-run") await sleep(restMs);
  };

  const run = async (): Promise<void> => {
    while (!isStopping) {
      try {
        const messages = await collect();
        // What is collected during a stop stays invisible for its timeout, then comes again.
        if (messages.length > 0 && !isStopping) await deliver(messages);
      } catch (error) {
        deps.log("queue-poll-failed", { reason: error instanceof Error ? error.message : String(error) });
        await sleep(restMs);
      }
    }
  };

  return {
    start: () => {
      loop = run();
    },
    stop: async (graceMs) => {
      isStopping = true;
      wake();
      await Promise.race([loop, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    },
  };
}

function succeeded(messages: readonly QueueMessage[], payload: string, readsReply: boolean): readonly QueueMessage[] {
  const answer: unknown = JSON.parse(payload);
  if (!readsReply || answer === null) return messages;
  const parsed = replySchema.safeParse(answer);
  if (!parsed.success) return [];
  const failed = new Set((parsed.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  const known = new Set(messages.map(({ messageId }) => messageId));
  if ([...failed].some((id) => !known.has(id))) return [];
  return messages.filter(({ messageId }) => !failed.has(messageId));
}

function recordOf(message: QueueMessage, config: QueueMappingConfig): Readonly<Record<string, unknown>> {
  const { messageId, receiptHandle, body, attributes, messageAttributes, md5OfBody } = message;
  const source = { eventSource: "aws:sqs", eventSourceARN: config.eventSourceArn, awsRegion: localAccount.region };
  return { messageId, receiptHandle, body, attributes, messageAttributes, md5OfBody, ...source };
}
