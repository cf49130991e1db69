import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AuthorizationErrorException,
  InvalidParameterException,
  ListSubscriptionsByTopicCommand,
  NotFoundException,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
} from "@aws-sdk/client-sns";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { listenOnLoopback } from "../../../../local/aws/facade/loopback.ts";
import { createKmsProvider } from "../../../../local/aws/kms/provider.ts";
import { createSnsProvider } from "../../../../local/aws/sns/provider.ts";
import { createPublisher, type Publisher } from "../../../../local/aws/sns/publisher.ts";
import { createSnsService } from "../../../../local/aws/sns/service.ts";
import { createTopics } from "../../../../local/aws/sns/topics.ts";
import { account, roleAllowing, startFacade, type TestFacade } from "../facade/contract-services.ts";

const topicArn = `arn:aws:sns:eu-west-1:${account}:wikilake-local-notices`;
const queueArn = `arn:aws:sqs:eu-west-1:${account}:notices`;
const topics = { current: createTopics() };
let running: TestFacade;
let stateDir: string;
let publisher: Publisher;
let queued: string[][];
let invoked: unknown[][];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-sns-"));
  topics.current = createTopics();
  [queued, invoked] = [[], []];
  running = await startFacade([], [roleAllowing("Notify", ["sns:Publish"], [topicArn]), roleAllowing("Other", [], [])]);
  publisher = createPublisher({
    topics: topics.current,
    logger: running.logger,
    authorizer: running.authorizer,
    stateDir,
    sendToQueue: async (...call) => void queued.push(call),
    invokeLambda: async (...call) => void invoked.push(call),
    wait: async () => {},
  });
  running.facade.add(createSnsService({ topics: topics.current, publisher }));
  await provide("AWS::SNS::Topic", { TopicName: "wikilake-local-notices" });
});
afterEach(async () => {
  await running.facade.close();
  await rm(stateDir, { recursive: true, force: true });
});

let made = 0;
const provide = (type: string, properties: Record<string, unknown>) => {
  const { resourcePolicies } = running;
  const provider =
    type === "AWS::KMS::Key"
      ? createKmsProvider({ resourcePolicies })
      : createSnsProvider({ topics: topics.current, resourcePolicies, prefix: "p" });
  made += 1;
  return provider.create({ logicalId: `Resource${made}`, type, properties });
};
const subscribe = (Protocol: string, Endpoint: string, extra = {}) =>
  provide("AWS::SNS::Subscription", { TopicArn: topicArn, Protocol, Endpoint, ...extra });
const sns = (role?: string) => new SNSClient(running.client("sns", role));
const publish = async (input: Partial<PublishCommand["input"]>, role = "Notify") => {
  const { MessageId } = await sns(role).send(new PublishCommand({ TopicArn: topicArn, Message: "text", ...input }));
  await publisher.drained();
  return MessageId;
};

/** An endpoint that answers with these statuses, the last one for ever. */
async function startEndpoint(...statuses: number[]) {
  const calls: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.writeHead(statuses[Math.min(calls.length, statuses.length - 1)] ?? 200).end();
    calls.push({ headers: request.headers, body });
  });
  const { port, close } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}/hook`, calls, close };
}

test("a message to a mail subscription becomes a file a mail program opens", async () => {
  await subscribe("email", "ops@example.org");
  const id = await publish({ Subject: "Störung", Message: "Zeile eins\nZeile zwei" });
  const folder = join(stateDir, "outbox", "mail");
  const [file = ""] = await readdir(folder);
  expect(file).toMatch(new RegExp(`${id}.*\\.eml$`));
  const mail = await readFile(join(folder, file), "utf8");
  expect(mail).toContain("To: ops@example.org\r\n");
  expect(mail).toContain(`Subject: =?utf-8?B?${Buffer.from("Störung").toString("base64")}?=\r\n`);
  expect(mail).toContain("\r\n\r\nZeile eins\r\nZeile zwei\r\n");
});

test("an endpoint on this machine gets SNS's envelope and headers, again after a failure", async () => {
  const endpoint = await startEndpoint(503, 429, 200);
  await subscribe("http", endpoint.url);
  const id = await publish({ Subject: "s", MessageAttributes: { kind: { DataType: "String", StringValue: "alarm" } } });
  expect(endpoint.calls).toHaveLength(3);
  expect(endpoint.calls[2]?.headers).toMatchObject({
    "x-amz-sns-message-type": "Notification",
    "x-amz-sns-message-id": id,
    "x-amz-sns-topic-arn": topicArn,
  });
  expect(JSON.parse(endpoint.calls[2]?.body ?? "")).toMatchObject({
    Type: "Notification",
    MessageId: id,
    TopicArn: topicArn,
    Subject: "s",
    Message: "text",
    MessageAttributes: { kind: { Type: "String", Value: "alarm" } },
  });
  await endpoint.close();
});

test("a refusal is final, an endpoint that stays down is given up and logged", async () => {
  const refusing = await startEndpoint(404);
  const down = await startEndpoint(500);
  await subscribe("http", refusing.url);
  await subscribe("http", down.url, { RawMessageDelivery: true });
  await publish({});
  expect([refusing.calls.length, down.calls.length]).toEqual([1, 6]);
  expect(down.calls[0]).toMatchObject({ body: "text", headers: { "x-amz-sns-rawdelivery": "true" } });
  expect(running.lines.filter((line) => line.includes("sns-delivery-failed"))).toHaveLength(2);
  await Promise.all([refusing.close(), down.close()]);
});

test("nothing is sent to another machine: the post is kept as a file", async () => {
  await subscribe("https", "https://hooks.example.org/x");
  await publish({});
  const folder = join(stateDir, "outbox", "http");
  const [file = ""] = await readdir(folder);
  expect(JSON.parse(await readFile(join(folder, file), "utf8"))).toMatchObject({
    endpoint: "https://hooks.example.org/x",
  });
});

test("a queue gets the message once its policy lets the topic in", async () => {
  await subscribe("sqs", queueArn, { RawMessageDelivery: "true" });
  await publish({});
  expect(queued).toEqual([]);
  const statement = {
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: queueArn,
    Condition: { ArnEquals: { "aws:SourceArn": topicArn } },
  };
  running.resourcePolicies.put(queueArn, "QueuePolicy", { Version: "2012-10-17", Statement: [statement] });
  await publish({ Message: "second" });
  expect(queued).toEqual([[queueArn, "second"]]);
});

test("a function gets SNS's event", async () => {
  const functionArn = `arn:aws:lambda:eu-west-1:${account}:function:notify`;
  const statement = {
    Effect: "Allow",
    Principal: { Service: "sns.amazonaws.com" },
    Action: "lambda:InvokeFunction",
    Resource: functionArn,
  };
  running.resourcePolicies.put(functionArn, "Permission", { Version: "2012-10-17", Statement: [statement] });
  await subscribe("lambda", functionArn);
  await publish({ Message: '{"default":"d","lambda":"for lambda"}', MessageStructure: "json" });
  expect(invoked).toMatchObject([
    [functionArn, { Records: [{ EventSource: "aws:sns", Sns: { Message: "for lambda", TopicArn: topicArn } }] }],
  ]);
});

test("a filter policy decides by attributes", async () => {
  await subscribe("https", "https://hooks.example.org/x", {
    FilterPolicy: { severity: ["high"], attempt: [{ numeric: [">", 2] }] },
  });
  const attributes = (severity: string, attempt: string) => ({
    MessageAttributes: {
      severity: { DataType: "String", StringValue: severity },
      attempt: { DataType: "Number", StringValue: attempt },
    },
  });
  await publish(attributes("low", "3"));
  await publish(attributes("high", "2"));
  await publish({});
  await publish(attributes("high", "3"));
  expect(await readdir(join(stateDir, "outbox", "http"))).toHaveLength(1);
  await expect(subscribe("sqs", queueArn, { FilterPolicy: { a: [{ wildcard: "x" }] } })).rejects.toThrow("wildcard");
});

test("publishing needs the right, on an encrypted topic the key as well", async () => {
  expect(await publish({}, "Other").catch((error) => error)).toBeInstanceOf(AuthorizationErrorException);
  const root = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "kms:*", Resource: "*" };
  const { ref } = await provide("AWS::KMS::Key", { KeyPolicy: { Version: "2012-10-17", Statement: [root] } });
  await provide("AWS::SNS::Topic", { TopicName: "wikilake-local-notices", KmsMasterKeyId: ref });
  await expect(publish({})).rejects.toThrow("kms:GenerateDataKey");
});

test("an unknown topic, an empty message and a subject with a line end are refused as SNS does", async () => {
  const unknown = await sns()
    .send(new PublishCommand({ TopicArn: `${topicArn}x`, Message: "m" }))
    .catch((error) => error);
  expect(unknown).toBeInstanceOf(NotFoundException);
  expect(await publish({ Message: "" }).catch((error) => error)).toBeInstanceOf(InvalidParameterException);
  await expect(publish({ Subject: "a\r\nBcc: x@y.z" })).rejects.toThrow("Invalid parameter: Subject");
  await expect(subscribe("email", "not an address")).rejects.toThrow("is no mail address");
});

test("a batch tells which entries failed, and subscriptions are listed", async () => {
  await subscribe("email", "ops@example.org");
  const PublishBatchRequestEntries = [
    { Id: "1", Message: "m" },
    { Id: "2", Message: "m", Subject: "x".repeat(101) },
  ];
  const answer = await sns("Notify").send(new PublishBatchCommand({ TopicArn: topicArn, PublishBatchRequestEntries }));
  expect(answer.Successful).toMatchObject([{ Id: "1" }]);
  expect(answer.Failed).toMatchObject([{ Id: "2", Code: "InvalidParameter" }]);
  const listed = await sns().send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn }));
  expect(listed.Subscriptions).toMatchObject([{ Protocol: "email", Endpoint: "ops@example.org" }]);
  await publisher.drained();
});
