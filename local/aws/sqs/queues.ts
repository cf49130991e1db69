import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AwsError } from "../service.ts";
import {
  handleOf,
  parseHandle,
  type QueueConfig,
  type StoredMessage,
  storedMessagesSchema,
  take,
} from "./queue-state.ts";

/** A message as SQS hands it out; the attributes have SQS's names. */
export type ReceivedMessage = {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, unknown>>;
  readonly md5OfBody: string;
};
export type QueueCounts = {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly oldestSentAt: number | undefined;
};

export type Queues = {
  /** Opens a queue with what an earlier run left in it. */
  open(config: QueueConfig): Promise<void>;
  all(): readonly QueueConfig[];
  /** Throws AwsError QueueDoesNotExist. */
  config(arn: string): QueueConfig;
  /** Returns the id once the message is on disk. */
  send(
    arn: string,
    body: string,
    options?: { readonly attributes?: Readonly<Record<string, unknown>>; readonly delaySeconds?: number },
  ): Promise<string>;
  /** Waits up to `waitMs` for the first message. */
  receive(
    arn: string,
    maximum: number,
    waitMs: number,
    visibilitySeconds?: number,
  ): Promise<readonly ReceivedMessage[]>;
  delete(arn: string, receiptHandles: readonly string[]): Promise<void>;
  changeVisibility(arn: string, receiptHandle: string, seconds: number): Promise<void>;
  counts(arn: string): QueueCounts;
};

export type QueuesDeps = { readonly stateDir: string; readonly now?: () => number; readonly newId?: () => string };

/** How often a waiting receiver looks for messages whose timeout has passed; a sent message wakes it at once. */
const lookMs = 200;

type Queue = {
  readonly config: QueueConfig;
  messages: readonly StoredMessage[];
  readonly save: () => Promise<void>;
  readonly wake: Set<() => void>;
};
type Room = { readonly queues: Map<string, Queue>; readonly now: () => number };

/** Keeps queues under `runtime/sqs/` of the state folder, one file each. Order is by arrival; delivery at least once. */
export function createQueues({ stateDir, now = Date.now, newId = randomUUID }: QueuesDeps): Queues {
  const folder = join(stateDir, "runtime", "sqs");
  const room: Room = { queues: new Map(), now };
  const find = (arn: string): Queue => findQueue(room, arn);
  return {
    open: async (config) => {
      room.queues.set(config.arn, await openQueue(folder, config));
    },
    all: () => [...room.queues.values()].map(({ config }) => config),
    config: (arn) => find(arn).config,
    send: async (arn, body, { attributes = {}, delaySeconds } = {}) => {
      const queue = find(arn);
      const sentAt = now();
      const visibleAt = sentAt + (delaySeconds ?? queue.config.delay) * 1000;
      const message = { id: newId(), body, attributes, sentAt, visibleAt, receiveCount: 0 };
      await add(queue, [message]);
      return message.id;
    },
    receive: (arn, maximum, waitMs, visibilitySeconds) =>
      receive(room, find(arn), { maximum, waitMs, visibilitySeconds }),
    delete: (arn, handles) => remove(find(arn), handles),
    changeVisibility: async (arn, handle, seconds) => {
      const queue = find(arn);
      const { id } = receiptOf(handle);
      queue.messages = queue.messages.map((one) =>
        one.id === id ? { ...one, visibleAt: now() + seconds * 1000 } : one,
      );
      await queue.save();
    },
    counts: (arn) => countsOf(find(arn).messages, now()),
  };
}

async function openQueue(folder: string, config: QueueConfig): Promise<Queue> {
  const file = join(folder, `${config.name}.json`);
  const held = { messages: await load(file) };
  const save = saver(folder, file, () => held.messages);
  return Object.assign(held, { config, save, wake: new Set<() => void>() });
}

function findQueue({ queues }: Room, arn: string): Queue {
  const queue = queues.get(arn);
  if (queue) return queue;
  throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
}

async function add(queue: Queue, messages: readonly StoredMessage[]): Promise<void> {
  queue.messages = [...queue.messages, ...messages];
  await queue.save();
  for (const wake of queue.wake) wake();
}

async function remove(queue: Queue, handles: readonly string[]): Promise<void> {
  const receipts = handles.map(receiptOf);
  const isDone = ({ id, receiveCount }: StoredMessage): boolean =>
    receipts.some((receipt) => receipt.id === id && receipt.receiveCount === receiveCount);
  queue.messages = queue.messages.filter((message) => !isDone(message));
  await queue.save();
}

type Receive = { readonly maximum: number; readonly waitMs: number; readonly visibilitySeconds: number | undefined };

async function receive(room: Room, queue: Queue, { maximum, waitMs, visibilitySeconds }: Receive) {
  const until = room.now() + waitMs;
  for (;;) {
    const taken = await receiveNow(room, queue, maximum, visibilitySeconds ?? queue.config.visibilityTimeout);
    if (taken.length > 0 || room.now() >= until) return taken.map(handOut);
    await arrival(queue, Math.min(lookMs, until - room.now()));
  }
}

async function receiveNow({ queues, now }: Room, queue: Queue, maximum: number, visibilitySeconds: number) {
  const { messages, taken, dead } = take(queue.messages, queue.config, maximum, now(), visibilitySeconds * 1000);
  const changed = messages.length !== queue.messages.length || taken.length > 0;
  queue.messages = messages;
  // Into the dead-letter queue first: a crash in between leaves a message twice, never nowhere.
  const deadLetters = queue.config.redrive && queues.get(queue.config.redrive.deadLetterArn);
  if (deadLetters && dead.length > 0) await add(deadLetters, dead.map(revived));
  if (changed) await queue.save();
  return taken;
}

const revived = (message: StoredMessage): StoredMessage => ({ ...message, receiveCount: 0, visibleAt: 0 });

function receiptOf(handle: string): { readonly id: string; readonly receiveCount: number } {
  const receipt = parseHandle(handle);
  if (receipt) return receipt;
  throw new AwsError(
    "ReceiptHandleIsInvalid",
    `The input receipt handle "${handle.slice(0, 100)}" is not a valid receipt handle.`,
  );
}

function arrival(queue: Queue, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      queue.wake.delete(done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    queue.wake.add(done);
  });
}

const handOut = (message: StoredMessage): ReceivedMessage => ({
  messageId: message.id,
  receiptHandle: handleOf(message),
  body: message.body,
  md5OfBody: md5(message.body),
  messageAttributes: message.attributes,
  attributes: {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
    SenderId: "local",
  },
});

/** SDKs compare it with what they received. */
export const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

function countsOf(messages: readonly StoredMessage[], nowMs: number): QueueCounts {
  const waiting = messages.filter(({ visibleAt }) => visibleAt > nowMs);
  const delayed = waiting.filter(({ receiveCount }) => receiveCount === 0).length;
  return {
    visible: messages.length - waiting.length,
    inFlight: waiting.length - delayed,
    delayed,
    oldestSentAt: messages[0]?.sentAt,
  };
}

async function load(file: string): Promise<readonly StoredMessage[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return [];
  }
  return storedMessagesSchema.parse(JSON.parse(text));
}

// One write at a time; whoever comes while one is under way shares the next, which holds their change too.
function saver(folder: string, file: string, current: () => readonly StoredMessage[]): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    next = undefined;
    await mkdir(folder, { recursive: true });
    await writeFile(`${file}.part`, JSON.stringify(current()));
    await rename(`${file}.part`, file);
  };
  return () => {
    next ??= running.then(write, write);
    running = next;
    return next;
  };
}
