import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createLogger } from "../../../lib/platform/logger.ts";
import { type AccountServices, startAccountServices } from "../../../local/aws/account-services.ts";
import type { ResourceProvider } from "../../../local/aws/resource.ts";
import { type RealisedStack, realise } from "../../../local/template/realise.ts";
import { unrealisedTypes } from "../../../local/template/unrealised.ts";
import { packagedTemplate } from "../../infra/packaged-template.ts";
import { operator } from "./facade/contract-services.ts";
import { startRacyS3 } from "./s3/racy-s3.ts";

const account = "000000000000";
const stageBucket = `wikilake-local-stage-${account}`;
let services: AccountServices;
let upstream: Awaited<ReturnType<typeof startRacyS3>>;
let stack: RealisedStack;
let stateDir: string;
const invoked: string[] = [];

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-account-"));
  upstream = await startRacyS3();
  services = await startAccountServices({
    stateDir,
    prefix: "wikilake-local",
    s3MockUrl: upstream.url,
    brokers: ["127.0.0.1:1"],
    logger: createLogger({ write: () => {} }),
    invokeLambda: async (functionArn) => void invoked.push(functionArn),
    inVpc: () => false,
  });
  const template = await packagedTemplate("local");
  // Topics need a broker; what runs units has rooms of its own.
  const own = services.providers.map((provider) => ({
    ...provider,
    types: provider.types.filter((type) => type !== "AWS::MSK::Topic"),
  }));
  const known = new Set([...own.flatMap(({ types }) => types), ...Object.keys(unrealisedTypes)]);
  const others: ResourceProvider = {
    types: [...new Set(Object.values(template.Resources).map(({ Type }) => Type))].filter((type) => !known.has(type)),
    create: async ({ logicalId }) => ({
      ref: logicalId,
      attributes: { Arn: `arn:aws:lambda:eu-west-1:${account}:function:${logicalId}` },
    }),
  };
  stack = await realise(template, [...own, others], { stackName: "wikilake-local" });
}, 120_000);
afterAll(async () => {
  await services?.close();
  await upstream?.close();
  await rm(stateDir, { recursive: true, force: true });
});

const clientOf = (logicalId: string) => {
  const { accessKeyId, secretAccessKey } = services.principals.issue(
    logicalId === "operator" ? operator : services.authorizer.roleByArn(logicalId),
  );
  return { region: "eu-west-1", maxAttempts: 1, credentials: { accessKeyId, secretAccessKey } };
};
const s3 = (logicalId: string) =>
  new S3Client({ ...clientOf(logicalId), endpoint: services.front.url, forcePathStyle: true });

test("every role, bucket, queue and topic of the packaged template is realised", () => {
  const types = [...stack.resources.values()].map(({ resource }) => resource.type);
  for (const type of ["AWS::IAM::Role", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::MSK::Cluster"])
    expect(types).toContain(type);
  expect(services.roles.all().length).toBe(types.filter((type) => type === "AWS::IAM::Role").length);
});

test("the bronze writer stages objects and may do nothing with the rest of the bucket", async () => {
  const writer = s3("BronzeWriterRole");
  await writer.send(
    new PutObjectCommand({
      Bucket: stageBucket,
      Key: "stage/raw_events/batch=1/x.parquet",
      Body: "x",
      IfNoneMatch: "*",
    }),
  );
  const elsewhere = writer.send(new PutObjectCommand({ Bucket: stageBucket, Key: "jobs/1/jobs.zip", Body: "x" }));
  await expect(elsewhere).rejects.toMatchObject({ name: "AccessDenied" });
  const control = s3("StartJobRole").send(
    new GetObjectCommand({ Bucket: stageBucket, Key: "stage/raw_events/batch=1/x.parquet" }),
  );
  await expect(control).rejects.toMatchObject({ name: "AccessDenied" });
});

test("roles are assumed by the services that the template names and by no other", async () => {
  const arnOf = (logicalId: string): string => services.authorizer.roleByArn(logicalId).arn;
  await expect(services.assumeRole("lambda.amazonaws.com", arnOf("BronzeWriterRole"))).resolves.toMatchObject({
    roleId: "BronzeWriterRole",
  });
  await expect(services.assumeRole("ecs-tasks.amazonaws.com", arnOf("BronzeWriterRole"))).rejects.toThrow(
    "sts:AssumeRole",
  );
  await expect(services.assumeRole("scheduler.amazonaws.com", arnOf("SchedulerRole"))).rejects.toThrow(
    "sts:AssumeRole",
  );
});

test("a failed batch is written to the failure bucket, and who may not send to a queue does not", async () => {
  const destinationArn = `arn:aws:s3:::wikilake-local-failures-${account}`;
  const writer = services.authorizer.roleByArn("BronzeWriterRole");
  await services.deliverTo(writer, { destinationArn, key: "aws/lambda/a b.json", body: "{}" });
  expect([...upstream.objects.keys()]).toContain(`/wikilake-local-failures-${account}/aws/lambda/a%20b.json`);
  const queueArn = String(stack.resources.get("AsyncFailureQueue")?.realised.attributes["Arn"]);
  const migrate = services.authorizer.roleByArn("MigrateRole");
  await expect(services.deliverTo(migrate, { destinationArn: queueArn, key: "", body: "{}" })).rejects.toThrow(
    "sqs:SendMessage",
  );
});

test("what the units ask of IAM is listed for the proof of least privilege", async () => {
  const role = services.authorizer.roleByArn("StartJobRole");
  await services.authorizer.isAllowed(role, {
    action: "s3:GetObject",
    resource: `arn:aws:s3:::${stageBucket}/control/paused`,
  });
  const calls = services.facade.calls();
  expect(calls).toContainEqual(expect.objectContaining({ roleId: "StartJobRole", action: "s3:GetObject" }));
});

test("an operator's notice reaches the mail file and a dead letter its queue", async () => {
  const topicArn = String(stack.resources.get("NoticeTopic")?.realised.ref);
  await services.deliverTo(operator, { destinationArn: topicArn, key: "", body: "hello" });
  await services.publisher.drained();
  const subscribed = [...stack.resources.values()].filter(
    ({ resource }) => resource.type === "AWS::SNS::Subscription",
  ).length;
  const mails = subscribed === 0 ? [] : await readdir(join(stateDir, "outbox", "mail"));
  expect(mails).toHaveLength(subscribed);
  const queue = stack.resources.get("AsyncFailureQueue")?.realised;
  await services.deliverTo(operator, { destinationArn: String(queue?.attributes["Arn"]), key: "", body: "dead" });
  const sqs = new SQSClient({ ...clientOf("operator"), endpoint: services.facade.url("sqs") });
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue?.ref }));
  expect(Messages).toMatchObject([{ Body: "dead" }]);
});

test("a unit's environment names every service, and S3 by its own address", () => {
  const environment = services.environmentFor(services.authorizer.roleByArn("StartJobRole"));
  expect(environment["AWS_ENDPOINT_URL_S3"]).toBe(services.front.url);
  expect(
    Object.keys(environment)
      .filter((name) => name.startsWith("AWS_ENDPOINT_URL_"))
      .sort(),
  ).toEqual(
    ["CLOUDWATCH", "EVENTBRIDGE", "KAFKA", "S3", "SECRETS_MANAGER", "SNS", "SQS", "STS"].map(
      (name) => `AWS_ENDPOINT_URL_${name}`,
    ),
  );
});
