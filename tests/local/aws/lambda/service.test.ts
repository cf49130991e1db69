import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import {
  EMRServerlessClient,
  GetJobRunCommand,
  ListJobRunsCommand,
  StartJobRunCommand,
} from "@aws-sdk/client-emr-serverless";
import {
  GetEventSourceMappingCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createLogger } from "../../../../lib/platform/logger.ts";
import { createEcsProvider } from "../../../../local/aws/ecs/provider.ts";
import { createEcsRuntime } from "../../../../local/aws/ecs/runtime.ts";
import { createEcsService } from "../../../../local/aws/ecs/service.ts";
import { createJobRunner } from "../../../../local/aws/emr-serverless/job-runner.ts";
import { createEmrServerlessProvider } from "../../../../local/aws/emr-serverless/provider.ts";
import { createEmrServerlessService } from "../../../../local/aws/emr-serverless/service.ts";
import { createMappings } from "../../../../local/aws/event-source-mapping/mappings.ts";
import { createEventSourceMappingProvider } from "../../../../local/aws/event-source-mapping/provider.ts";
import { createFacade } from "../../../../local/aws/facade/facade.ts";
import { createPrincipals } from "../../../../local/aws/facade/principals.ts";
import { type AsyncQueue, createAsyncQueue } from "../../../../local/aws/lambda/async-queue.ts";
import { createLambdaProvider } from "../../../../local/aws/lambda/provider.ts";
import { createLambdaRuntime } from "../../../../local/aws/lambda/runtime.ts";
import { createLambdaService } from "../../../../local/aws/lambda/service.ts";
import { createClock } from "../../../../local/aws/unit.ts";
import { createFakeTopic } from "../../../support/fake-topic.ts";
import { writeFixtureZip } from "../../../support/fixture-zip.ts";

const role = "arn:aws:iam::000000000000:role/any";
const closers: (() => unknown)[] = [];
let asked: string[] = [];
let queue: AsyncQueue;
let lambda: LambdaClient;
let emr: EMRServerlessClient;
let ecs: ECSClient;
let applicationId = "";
let mappingId = "";

beforeAll(async () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-api-"));
  const clock = createClock();
  const principal = { arn: role, roleId: "Any" };
  const assumeRole = async () => principal;
  const environmentFor = () => ({});
  const deliver = async () => {};
  const check = async (_: unknown, permissions: readonly { action: string; resource: string }[]) =>
    void asked.push(...permissions.map(({ action, resource }) => `${action} ${resource}`));
  const runtime = createLambdaRuntime({ stateDir, assumeRole, environmentFor, onLogLine: () => {} });
  queue = createAsyncQueue({ stateDir, lambda: runtime, clock, deliver, onDropped: () => {} });
  const topic = createFakeTopic(1);
  const mappings = createMappings({
    stateDir,
    lambda: runtime,
    authorizer: { check },
    createConsumer: () => topic.consumer,
    bootstrapServers: () => "127.0.0.1:9",
    queue: { receive: async () => [], delete: async () => {} },
    deliver,
    clock,
    onMetrics: () => {},
  });
  const jobs = createJobRunner({
    stateDir,
    clock,
    assumeRole,
    environmentFor,
    spark: { python: "/p", sparkHome: "/s", javaHome: "/none", jars: [] },
    lakeFor: () => ({ catalogUri: "c", s3Endpoint: "s", accessKeyId: "a", secretAccessKey: "b" }),
    getObject: async () => Buffer.from(""),
    onStateChange: () => {},
  });
  const tasks = createEcsRuntime({
    stateDir,
    clock,
    assumeRole,
    environmentFor,
    bundleFor: () => path.join(stateDir, "main.mjs"),
    overridesFor: () => ({ environment: {}, mayFinish: false }),
    onLogLine: () => {},
  });
  writeFileSync(path.join(stateDir, "main.mjs"), "setInterval(() => {}, 1000);");
  const zip = writeFixtureZip(path.join(stateDir, "f.zip"), {
    "i.mjs":
      "export const handler = async (event) => { if (event.fail) throw new RangeError('no'); return { event }; };",
  });
  const create = (type: string, logicalId: string, properties: Record<string, unknown>) => {
    const providers = [
      createLambdaProvider({ lambda: runtime, queue, zipFor: () => zip }),
      createEventSourceMappingProvider(mappings),
      createEmrServerlessProvider(jobs),
      createEcsProvider(tasks),
    ];
    const provider = providers.find(({ types }) => types.includes(type));
    if (provider === undefined) throw new Error(type);
    return provider.create({ type, logicalId, properties });
  };
  await create("AWS::Lambda::Function", "F", {
    FunctionName: "f",
    Handler: "i.handler",
    Runtime: "nodejs24.x",
    Role: role,
    Code: {},
  });
  await create("AWS::Lambda::EventInvokeConfig", "I", {
    FunctionName: "f",
    Qualifier: "$LATEST",
    MaximumRetryAttempts: 0,
  });
  const mapping = await create("AWS::Lambda::EventSourceMapping", "M", {
    FunctionName: "f",
    EventSourceArn: "arn:aws:kafka:eu-west-1:000000000000:cluster/c/1",
    Topics: ["t"],
    StartingPosition: "TRIM_HORIZON",
  });
  mappingId = mapping.ref;
  applicationId = (
    await create("AWS::EMRServerless::Application", "A", { Name: "a", Type: "SPARK", ReleaseLabel: "emr-7.12.0" })
  ).ref;
  const definition = await create("AWS::ECS::TaskDefinition", "T", {
    Family: "shim",
    Cpu: "256",
    Memory: "512",
    TaskRoleArn: role,
    ContainerDefinitions: [{ Name: "shim", Image: "i", StopTimeout: 2 }],
  });
  await create("AWS::ECS::Service", "S", { ServiceName: "shim", Cluster: "c", TaskDefinition: definition.ref });
  const facade = await createFacade({
    services: [
      createLambdaService({ lambda: runtime, queue, mappings }),
      createEmrServerlessService(jobs),
      createEcsService(tasks),
    ],
    principals: createPrincipals(),
    authorizer: { check, calls: () => [] },
    logger: createLogger({ write: () => {} }),
  });
  const { accessKeyId, secretAccessKey } = facade.issueCredentials(principal);
  const client = (service: string) => ({
    endpoint: facade.url(service),
    region: "eu-west-1",
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  lambda = new LambdaClient(client("lambda"));
  emr = new EMRServerlessClient(client("emr-serverless"));
  ecs = new ECSClient(client("ecs"));
  closers.push(
    () => mappings.stop(0),
    () => queue.stop(),
    () => jobs.stop(),
    () => tasks.stop(),
    () => runtime.stop(),
    () => facade.close(),
    () => rmSync(stateDir, { recursive: true, force: true }),
  );
});
afterAll(async () => {
  for (const close of closers) await close();
});

const text = (payload: Uint8Array | undefined): unknown => JSON.parse(new TextDecoder().decode(payload));

describe("through the SDK, Lambda", () => {
  test("invokes and answers with the payload, or with the function's error", async () => {
    asked = [];
    const done = await lambda.send(
      new InvokeCommand({ FunctionName: "f", Payload: new TextEncoder().encode('{"a":1}') }),
    );
    expect([done.StatusCode, done.FunctionError, text(done.Payload)]).toEqual([200, undefined, { event: { a: 1 } }]);
    expect(asked).toEqual(["lambda:InvokeFunction arn:aws:lambda:eu-west-1:000000000000:function:f"]);
    const { arn } = { arn: "arn:aws:lambda:eu-west-1:000000000000:function:f" };
    const failed = await lambda.send(
      new InvokeCommand({ FunctionName: arn, Payload: new TextEncoder().encode('{"fail":1}') }),
    );
    expect(failed.FunctionError).toBe("Unhandled");
    expect(text(failed.Payload)).toMatchObject({ errorType: "RangeError", errorMessage: "no" });
  });

  test("accepts an event, checks a dry run, and refuses what is not there", async () => {
    const event = await lambda.send(new InvokeCommand({ FunctionName: "f", InvocationType: "Event" }));
    expect(event.StatusCode).toBe(202);
    await queue.idle();
    expect((await lambda.send(new InvokeCommand({ FunctionName: "f", InvocationType: "DryRun" }))).StatusCode).toBe(
      204,
    );
    await expect(lambda.send(new InvokeCommand({ FunctionName: "g" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    expect(await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: "f" }))).toMatchObject({
      MemorySize: 128,
    });
  });

  test("shows mappings and turns them off and on", async () => {
    const listed = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName: "f" }));
    expect(listed.EventSourceMappings).toMatchObject([{ UUID: mappingId, State: "Enabled", Topics: ["t"] }]);
    const off = await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mappingId, Enabled: false }));
    expect([off.State, off.StateTransitionReason]).toEqual(["Disabled", "USER_INITIATED"]);
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID: mappingId, Enabled: true }));
    const on = await lambda.send(new GetEventSourceMappingCommand({ UUID: mappingId }));
    expect(on.State).toBe("Enabled");
    expect(on.LastModified).toBeInstanceOf(Date);
  });
});

describe("through the SDK, EMR Serverless and ECS", () => {
  test("start, show and list a job", async () => {
    const jobDriver = { sparkSubmit: { entryPoint: "s3://b/m.py" } };
    const started = await emr.send(new StartJobRunCommand({ applicationId, executionRoleArn: role, jobDriver }));
    const { jobRunId } = started;
    const { jobRun } = await emr.send(new GetJobRunCommand({ applicationId, jobRunId }));
    expect(jobRun).toMatchObject({ jobRunId, releaseLabel: "emr-7.12.0", executionRole: role });
    expect(jobRun?.createdAt).toBeInstanceOf(Date);
    const { jobRuns } = await emr.send(
      new ListJobRunsCommand({ applicationId, states: ["FAILED", "SUBMITTED", "PENDING", "SCHEDULED", "RUNNING"] }),
    );
    expect(jobRuns).toMatchObject([{ id: jobRunId }]);
    await expect(emr.send(new GetJobRunCommand({ applicationId, jobRunId: "0" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("describe and redeploy a service", async () => {
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: "c", services: ["shim"] }));
    expect(services).toMatchObject([{ serviceName: "shim", runningCount: 1 }]);
    const { service } = await ecs.send(
      new UpdateServiceCommand({ cluster: "c", service: "shim", forceNewDeployment: true }),
    );
    expect(service?.serviceName).toBe("shim");
  });
});
