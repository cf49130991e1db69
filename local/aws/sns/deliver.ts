import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { localAccount } from "../account.ts";
import type { IamAuthorizer } from "../iam/authorizer.ts";
import { formatMail } from "./mail.ts";
import { envelopeOf, type Message, textFor } from "./message.ts";
import type { Subscription } from "./topics.ts";

export type DeliveryDeps = {
  /** Mail goes to `outbox/mail/*.eml` in it, posts to addresses that are not of this machine to `outbox/http/`. */
  readonly stateDir: string;
  readonly authorizer: Pick<IamAuthorizer, "checkService">;
  readonly sendToQueue: (queueArn: string, body: string) => Promise<void>;
  readonly invokeLambda: (functionArn: string, event: unknown) => Promise<void>;
  /** Replaced in tests. */
  readonly wait?: (ms: number) => Promise<unknown>;
};

/** Delivers one message to one subscriber; throws when it cannot. */
export async function deliver(message: Message, subscription: Subscription, deps: DeliveryDeps): Promise<void> {
  const { protocol, endpoint, topicArn } = subscription;
  const context = { "aws:SourceArn": topicArn, "aws:SourceAccount": localAccount.accountId };
  if (protocol === "email") return writeMail(message, subscription, deps);
  if (protocol === "sqs") {
    await deps.authorizer.checkService("sns.amazonaws.com", { action: "sqs:SendMessage", resource: endpoint, context });
    return deps.sendToQueue(endpoint, bodyOf(message, subscription));
  }
  if (protocol === "lambda") {
    await deps.authorizer.checkService("sns.amazonaws.com", {
      action: "lambda:InvokeFunction",
      resource: endpoint,
      context,
    });
    return deps.invokeLambda(endpoint, lambdaEvent(message, subscription));
  }
  return isLoopback(endpoint) ? post(message, subscription, deps.wait ?? sleep) : keepPost(message, subscription, deps);
}

const bodyOf = (message: Message, subscription: Subscription): string =>
  subscription.rawDelivery ? textFor(message, subscription) : JSON.stringify(envelopeOf(message, subscription));

async function writeMail(message: Message, subscription: Subscription, { stateDir }: DeliveryDeps): Promise<void> {
  const text = `${textFor(message, subscription)}\n\n--\n${message.topicArn}`;
  const mail = formatMail({
    from: "no-reply@sns.localhost",
    to: subscription.endpoint,
    // What SNS writes for a message without a subject.
    subject: message.subject ?? "AWS Notification Message",
    text,
    date: message.time,
    messageId: message.id,
  });
  await writeOnce(join(stateDir, "outbox", "mail"), `${fileStem(message)}.eml`, mail);
}

async function keepPost(message: Message, subscription: Subscription, { stateDir }: DeliveryDeps): Promise<void> {
  const kept = {
    endpoint: subscription.endpoint,
    headers: headersOf(message, subscription),
    body: bodyOf(message, subscription),
  };
  await writeOnce(join(stateDir, "outbox", "http"), `${fileStem(message)}.json`, JSON.stringify(kept, null, 2));
}

// Sorted by time; a message may go to several addresses.
const fileStem = ({ time, id }: Message): string =>
  `${time.toISOString().replaceAll(/[:.]/g, "-")}-${id}-${randomUUID().slice(0, 8)}`;

// Whoever watches the folder must not read half a file.
async function writeOnce(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const partial = join(folder, `.${name}.part`);
  await writeFile(partial, content);
  await rename(partial, join(folder, name));
}

/** Whether an address is this machine's; only there is anything sent. */
function isLoopback(endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}

/** SNS's first two phases: three repeats at once, two a second apart. Its later ones (20 minutes in all) are left out. */
const repeatDelaysMs = [0, 0, 0, 1000, 1000] as const;
/** SNS's time for an answer. */
const answerTimeoutMs = 15_000;

async function post(
  message: Message,
  subscription: Subscription,
  wait: (ms: number) => Promise<unknown>,
): Promise<void> {
  const init = {
    method: "POST",
    headers: headersOf(message, subscription),
    body: bodyOf(message, subscription),
    redirect: "error",
  } as const;
  let problem = "";
  for (const delay of [0, ...repeatDelaysMs]) {
    if (delay > 0) await wait(delay);
    try {
      const response = await fetch(subscription.endpoint, { ...init, signal: AbortSignal.timeout(answerTimeoutMs) });
      await response.body?.cancel();
      if (response.ok) return;
      problem = `HTTP ${response.status}`;
      // SNS takes any 4xx but 429 for final.
      if (response.status < 500 && response.status !== 429) break;
    } catch (error) {
      problem = String(error);
    }
  }
  throw new Error(`${subscription.endpoint}: ${problem}`);
}

const headersOf = (message: Message, subscription: Subscription): Record<string, string> => ({
  "content-type": "text/plain; charset=UTF-8",
  "user-agent": "Amazon Simple Notification Service Agent",
  "x-amz-sns-message-type": "Notification",
  "x-amz-sns-message-id": message.id,
  "x-amz-sns-topic-arn": message.topicArn,
  "x-amz-sns-subscription-arn": subscription.arn,
  ...(subscription.rawDelivery ? { "x-amz-sns-rawdelivery": "true" } : {}),
});

const lambdaEvent = (message: Message, subscription: Subscription): unknown => ({
  Records: [
    {
      EventSource: "aws:sns",
      EventVersion: "1.0",
      EventSubscriptionArn: subscription.arn,
      Sns: { Subject: null, MessageAttributes: {}, ...envelopeOf(message, subscription) },
    },
  ],
});
