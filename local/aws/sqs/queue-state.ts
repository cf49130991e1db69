import { z } from "zod";

/** What the template says of a queue. Times in seconds, as SQS has them. */
export type QueueConfig = {
  readonly arn: string;
  readonly name: string;
  readonly visibilityTimeout: number;
  readonly retention: number;
  readonly delay: number;
  readonly waitTime: number;
  readonly redrive: { readonly deadLetterArn: string; readonly maxReceiveCount: number } | undefined;
};

const messageSchema = z.object({
  id: z.string(),
  body: z.string(),
  attributes: z.record(z.string(), z.unknown()),
  sentAt: z.number(),
  visibleAt: z.number(),
  receiveCount: z.number(),
  firstReceivedAt: z.number().optional(),
});
/** A message as it is kept; times in epoch milliseconds. */
export type StoredMessage = z.output<typeof messageSchema>;
export const storedMessagesSchema = z.array(messageSchema);

export type Received = { readonly taken: readonly StoredMessage[]; readonly dead: readonly StoredMessage[] };
export type Taken = Received & { readonly messages: readonly StoredMessage[] };

/**
 * Takes up to `maximum` visible messages, oldest first. What has been received as often as the redrive policy allows is
 * `dead` instead; what is older than the retention is gone.
 */
export function take(
  messages: readonly StoredMessage[],
  config: QueueConfig,
  maximum: number,
  nowMs: number,
  visibilityMs: number,
): Taken {
  const kept: StoredMessage[] = [];
  const taken: StoredMessage[] = [];
  const dead: StoredMessage[] = [];
  for (const message of messages) {
    if (nowMs - message.sentAt >= config.retention * 1000) continue;
    const visible = message.visibleAt <= nowMs && taken.length < maximum;
    if (!visible) kept.push(message);
    else if (config.redrive && message.receiveCount >= config.redrive.maxReceiveCount) dead.push(message);
    else {
      const received = {
        ...message,
        visibleAt: nowMs + visibilityMs,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? nowMs,
      };
      kept.push(received);
      taken.push(received);
    }
  }
  return { messages: kept, taken, dead };
}

/** A receipt names one receipt of one message: after another one it no longer deletes. */
export const handleOf = ({ id, receiveCount }: StoredMessage): string =>
  Buffer.from(`${id} ${receiveCount}`).toString("base64");

/** Message id and receive count of a receipt handle; undefined when it is none of ours. */
export function parseHandle(handle: string): { readonly id: string; readonly receiveCount: number } | undefined {
  const [, id, count] = /^(\S+) (\d+)$/.exec(Buffer.from(handle, "base64").toString("utf8")) ?? [];
  return id && count ? { id, receiveCount: Number(count) } : undefined;
}
