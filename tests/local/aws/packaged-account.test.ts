import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createIamProvider } from "../../../local/aws/iam/provider.ts";
import { createRoles } from "../../../local/aws/iam/roles.ts";
import { createKafkaClusters } from "../../../local/aws/kafka/clusters.ts";
import { createKafkaProvider } from "../../../local/aws/kafka/provider.ts";
import { createKmsProvider } from "../../../local/aws/kms/provider.ts";
import type { ResourceProvider } from "../../../local/aws/resource.ts";
import { createS3Front, type S3Front } from "../../../local/aws/s3/front.ts";
import { createS3Provider } from "../../../local/aws/s3/provider.ts";
import { createSnsProvider } from "../../../local/aws/sns/provider.ts";
import { createPublisher, type Publisher } from "../../../local/aws/sns/publisher.ts";
import { createSnsService } from "../../../local/aws/sns/service.ts";
import { createTopics } from "../../../local/aws/sns/topics.ts";
import { createSqsProvider } from "../../../local/aws/sqs/provider.ts";
import { createQueues } from "../../../local/aws/sqs/queues.ts";
import { createSqsService } from "../../../local/aws/sqs/service.ts";
import { type RealisedStack, realise } from "../../../local/template/realise.ts";
import { unrealisedTypes } from "../../../local/template/unrealised.ts";
import { packagedTemplate } from "../../infra/packaged-template.ts";
import { account, operator, startFacade, type TestFacade } from "./facade/contract-services.ts";
import { startRacyS3 } from "./s3/racy-s3.ts";

const Bucket = `wikilake-local-stage-${account}`;
const prefix = "wikilake-local";
let running: TestFacade;
let front: S3Front;
let publisher: Publisher;
let upstream: Awaited<ReturnType<typeof startRacyS3>>;
let stack: RealisedStack;
let stateDir: string;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-account-"));
  upstream = await startRacyS3();
  const roles = createRoles();
  running = await startFacade([], roles);
  front = await createS3Front({ ...running, s3MockUrl: upstream.url });
  stack = await realiseStack([
    ...messaging(),
    createIamProvider({ ...running, roles, rolePrefix: prefix }),
    ...storage(),
  ]);
}, 120_000);
afterAll(async () => {
  await front?.close();
  await running?.facade.close();
  await upstream?.close();
  await rm(stateDir, { recursive: true, force: true });
});

function messaging(): readonly ResourceProvider[] {
  const { resourcePolicies } = running;
  const queues = createQueues({ stateDir });
  const topics = createTopics();
  const endpoint = () => running.facade.url("sqs");
  const sendToQueue = async (queueArn: string, body: string) => void (await queues.send(queueArn, body));
  publisher = createPublisher({ ...running, stateDir, topics, sendToQueue, invokeLambda: async () => {} });
  running.facade.add(createSqsService({ queues, endpoint }));
  running.facade.add(createSnsService({ topics, publisher }));
  return [
    createSqsProvider({ queues, endpoint, resourcePolicies, prefix }),
    createSnsProvider({ topics, resourcePolicies, prefix }),
  ];
}

function storage(): readonly ResourceProvider[] {
  const connect = () => Promise.reject(new Error("no broker in this test"));
  const kafka = createKafkaProvider({
    clusters: createKafkaClusters(),
    brokers: ["127.0.0.1:1"],
    connect,
    logger: running.logger,
  });
  return [
    createS3Provider({ ...running, front, s3MockUrl: upstream.url, prefix, invokeLambda: async () => {} }),
    createKmsProvider(running),
    { ...kafka, types: ["AWS::MSK::Cluster"] },
  ];
}

/** The rest of the template belongs to other rooms: anything with an ARN will do. */
async function realiseStack(own: readonly ResourceProvider[]): Promise<RealisedStack> {
  const template = await packagedTemplate("local");
  const known = new Set([...own.flatMap(({ types }) => types), ...Object.keys(unrealisedTypes)]);
  const types = [...new Set(Object.values(template.Resources).map(({ Type }) => Type))].filter(
    (type) => !known.has(type),
  );
  const create: ResourceProvider["create"] = async ({ logicalId }) => ({
    ref: logicalId,
    attributes: { Arn: `arn:aws:lambda:eu-west-1:${account}:function:${logicalId}` },
  });
  return realise(template, [...own, { types, create }], { stackName: prefix });
}

const clientOf = (logicalId: string) => ({
  region: "eu-west-1",
  maxAttempts: 1,
  credentials: running.principals.issue(logicalId === "operator" ? operator : running.authorizer.roleByArn(logicalId)),
});
const s3 = (logicalId: string) => new S3Client({ ...clientOf(logicalId), endpoint: front.url, forcePathStyle: true });
const realised = (logicalId: string) => {
  const found = stack.resources.get(logicalId);
  if (!found) throw new Error(`The stack has no ${logicalId}`);
  return found.realised;
};

test("every role of the packaged template is realised, and every bucket made", () => {
  const all = [...stack.resources.values()];
  const roles = all.filter(({ resource }) => resource.type === "AWS::IAM::Role");
  expect(roles.length).toBeGreaterThan(5);
  for (const { resource, realised: role } of roles) {
    expect(running.authorizer.roleByArn(String(role.attributes["Arn"])).roleId).toBe(resource.logicalId);
  }
  const buckets = all
    .filter(({ resource }) => resource.type === "AWS::S3::Bucket")
    .map(({ realised: bucket }) => `/${bucket.ref}`);
  expect([...upstream.objects.keys()]).toEqual(expect.arrayContaining(buckets));
});

test("the bronze writer stages objects and may do nothing with the rest of the bucket", async () => {
  const staged = { Bucket, Key: "stage/raw_events/batch=1/x.parquet" };
  await s3("BronzeWriterRole").send(new PutObjectCommand({ ...staged, Body: "x", IfNoneMatch: "*" }));
  const elsewhere = s3("BronzeWriterRole").send(new PutObjectCommand({ Bucket, Key: "jobs/1/jobs.zip", Body: "x" }));
  await expect(elsewhere).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(s3("StartJobRole").send(new GetObjectCommand(staged))).rejects.toMatchObject({ name: "AccessDenied" });
});

test("roles are assumed by the services that the template names and by no other", async () => {
  const { checkTrust } = running.authorizer;
  await expect(checkTrust("BronzeWriterRole", "lambda.amazonaws.com", {})).resolves.toMatchObject({
    roleId: "BronzeWriterRole",
  });
  await expect(checkTrust("BronzeWriterRole", "ecs-tasks.amazonaws.com", {})).rejects.toThrow("sts:AssumeRole");
  await expect(checkTrust("SchedulerRole", "scheduler.amazonaws.com", {})).rejects.toThrow("sts:AssumeRole");
});

test("a notice of the operator is a mail, a message to the queue of failures is kept, and others may send neither", async () => {
  const notice = new PublishCommand({ TopicArn: realised("NoticeTopic").ref, Message: "hello" });
  const letter = new SendMessageCommand({ QueueUrl: realised("AsyncFailureQueue").ref, MessageBody: "dead" });
  const sns = (logicalId: string) => new SNSClient({ ...clientOf(logicalId), endpoint: running.facade.url("sns") });
  const sqs = (logicalId: string) => new SQSClient({ ...clientOf(logicalId), endpoint: running.facade.url("sqs") });
  await sns("operator").send(notice);
  await publisher.drained();
  expect(await readdir(join(stateDir, "outbox", "mail"))).toHaveLength(1);
  await sqs("operator").send(letter);
  const { Messages } = await sqs("operator").send(
    new ReceiveMessageCommand({ QueueUrl: realised("AsyncFailureQueue").ref }),
  );
  expect(Messages).toMatchObject([{ Body: "dead" }]);
  await expect(sns("MigrateRole").send(notice)).rejects.toMatchObject({ name: "AuthorizationErrorException" });
  await expect(sqs("MigrateRole").send(letter)).rejects.toMatchObject({ name: "AccessDenied" });
});
