import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createSqsProvider } from "../../../../local/aws/sqs/provider.ts";
import { createQueues } from "../../../../local/aws/sqs/queues.ts";
import { createSqsService } from "../../../../local/aws/sqs/service.ts";
import { account, roleAllowing, startFacade, type TestFacade } from "../facade/contract-services.ts";

const arnOf = (name: string): string => `arn:aws:sqs:eu-west-1:${account}:${name}`;
let running: TestFacade;
let stateDir: string;
let nowMs = 1_000_000;

beforeEach(async () => {
  nowMs = 1_000_000;
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-sqs-"));
  await start();
});
afterEach(async () => {
  await running.facade.close();
  await rm(stateDir, { recursive: true, force: true });
});

let QueueUrl = "";
async function start(): Promise<void> {
  running = await startFacade([], [roleAllowing("Sender", ["sqs:SendMessage"], [arnOf("work")])]);
  const queues = createQueues({ stateDir, now: () => nowMs });
  const endpoint = () => running.facade.url("sqs");
  const provider = createSqsProvider({ queues, endpoint, resourcePolicies: running.resourcePolicies, prefix: "p" });
  const queue = (logicalId: string, properties: Record<string, unknown>) =>
    provider.create({ logicalId, type: "AWS::SQS::Queue", properties });
  const dead = await queue("Dead", { QueueName: "dead" });
  const RedrivePolicy = { deadLetterTargetArn: dead.attributes["Arn"], maxReceiveCount: 2 };
  QueueUrl = (
    await queue("Work", { QueueName: "work", VisibilityTimeout: 60, MessageRetentionPeriod: 3600, RedrivePolicy })
  ).ref;
  running.facade.add(createSqsService({ queues, endpoint }));
}
const sqs = (role?: string) => new SQSClient(running.client("sqs", role));
const send = (MessageBody: string, extra = {}) =>
  sqs().send(new SendMessageCommand({ QueueUrl, MessageBody, ...extra }));
const receive = async (extra = {}) =>
  (await sqs().send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...extra }))).Messages ?? [];
const bodies = (messages: Awaited<ReturnType<typeof receive>>) => messages.map(({ Body }) => Body);
const attributes = async () =>
  (await sqs().send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))).Attributes;

test("a message is handed out once, hidden for the queue's timeout, then again", async () => {
  await send("one", { MessageAttributes: { kind: { DataType: "String", StringValue: "k" } } });
  const [first] = await receive();
  expect(first).toMatchObject({
    Body: "one",
    MessageAttributes: { kind: { StringValue: "k" } },
    Attributes: { ApproximateReceiveCount: "1" },
  });
  expect(await receive()).toEqual([]);
  expect(await attributes()).toMatchObject({
    ApproximateNumberOfMessages: "0",
    ApproximateNumberOfMessagesNotVisible: "1",
  });
  nowMs += 60_000;
  expect((await receive())[0]?.Attributes).toMatchObject({ ApproximateReceiveCount: "2" });
});

test("a deleted message does not come back; a receipt that a later one replaced deletes nothing", async () => {
  await send("one");
  const [first] = await receive();
  nowMs += 60_000;
  const [second] = await receive();
  await sqs().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
  expect(await attributes()).toMatchObject({ ApproximateNumberOfMessagesNotVisible: "1" });
  await sqs().send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second?.ReceiptHandle }));
  nowMs += 60_000;
  expect(await receive()).toEqual([]);
});

test("what was received as often as allowed goes to the dead-letter queue", async () => {
  await send("poison");
  for (let time = 0; time < 2; time++) {
    expect(bodies(await receive())).toEqual(["poison"]);
    nowMs += 60_000;
  }
  expect(await receive()).toEqual([]);
  expect(bodies(await receive({ QueueUrl: QueueUrl.replace(/work$/, "dead") }))).toEqual(["poison"]);
});

test("a message older than the retention is gone, a delayed one is not there yet", async () => {
  await send("old");
  await send("later", { DelaySeconds: 30 });
  expect(bodies(await receive())).toEqual(["old"]);
  nowMs += 60_000;
  await send("young");
  nowMs += 3_540_000;
  expect(bodies(await receive())).toEqual(["young"]);
});

test("a waiting receiver gets a message as soon as it is sent", async () => {
  const waiting = receive({ WaitTimeSeconds: 20 });
  await send("now");
  expect(bodies(await waiting)).toEqual(["now"]);
});

test("visibility can be changed, and zero gives the message back", async () => {
  await send("one");
  const [first] = await receive();
  await sqs().send(
    new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle, VisibilityTimeout: 0 }),
  );
  expect(bodies(await receive())).toEqual(["one"]);
});

test("messages are there again at the next start, under the new address too", async () => {
  const Entries = ["a", "b"].map((MessageBody) => ({ Id: MessageBody, MessageBody }));
  await sqs().send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const old = QueueUrl;
  await running.facade.close();
  await start();
  expect(bodies(await receive())).toEqual(["a", "b"]);
  await send("through an old address", { QueueUrl: `${new URL(QueueUrl).origin}${new URL(old).pathname}` });
  expect(bodies(await receive())).toEqual(["through an old address"]);
});

test("an unknown queue, a handle that is none and a missing right are refused as SQS does", async () => {
  const unknown = await sqs()
    .send(new GetQueueUrlCommand({ QueueName: "none" }))
    .catch((error) => error);
  expect(unknown).toBeInstanceOf(QueueDoesNotExist);
  const invalid = await sqs()
    .send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: "x" }))
    .catch((error) => error);
  expect(invalid).toBeInstanceOf(ReceiptHandleIsInvalid);
  await sqs("Sender").send(new SendMessageCommand({ QueueUrl, MessageBody: "m" }));
  const refused = sqs("Sender").send(new ReceiveMessageCommand({ QueueUrl }));
  await expect(refused).rejects.toMatchObject({
    name: "AccessDenied",
    message: expect.stringContaining("sqs:ReceiveMessage"),
  });
});

test("sends at the same time are all on disk", async () => {
  await Promise.all(Array.from({ length: 30 }, (_, index) => send(`m${index}`)));
  await running.facade.close();
  await start();
  expect(await attributes()).toMatchObject({ ApproximateNumberOfMessages: "30" });
});
