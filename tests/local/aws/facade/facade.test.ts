import { request } from "node:http";
import {
  AthenaClient,
  GetQueryExecutionCommand,
  InvalidRequestException,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  EMRServerlessClient,
  GetJobRunCommand,
  ListJobRunsCommand,
  ResourceNotFoundException,
  StartJobRunCommand,
} from "@aws-sdk/client-emr-serverless";
import { GetBootstrapBrokersCommand, KafkaClient } from "@aws-sdk/client-kafka";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  AuthorizationErrorException,
  ListTopicsCommand,
  PublishBatchCommand,
  PublishCommand,
  SNSClient,
} from "@aws-sdk/client-sns";
import { afterEach, expect, test } from "@jest/globals";
import { AwsError, type AwsRequest, type AwsService } from "../../../../local/aws/service.ts";
import { roleAllowing, startFacade, stubService, type TestFacade } from "./contract-services.ts";

const workgroup = "arn:aws:athena:eu-west-1:000000000000:workgroup/main";
const startedAt = new Date("2026-01-02T03:04:05.678Z");
let running: TestFacade | undefined;
afterEach(async () => running?.facade.close());

async function start(service: AwsService, ...roles: ReturnType<typeof roleAllowing>[]): Promise<TestFacade> {
  running = await startFacade([service], roles);
  return running;
}

test("JSON 1.1: an operation's input and output go through, dates as the SDK reads them", async () => {
  const seen: AwsRequest[] = [];
  const service = stubService({ name: "athena", protocol: "json-1.1" }, (call) => {
    seen.push(call);
    return {
      body: {
        QueryExecution: { QueryExecutionId: "q", Status: { State: "SUCCEEDED", SubmissionDateTime: startedAt } },
      },
    };
  });
  const { client } = await start(service);
  const answer = await new AthenaClient(client("athena")).send(new GetQueryExecutionCommand({ QueryExecutionId: "q" }));
  expect(answer.QueryExecution?.Status?.SubmissionDateTime).toEqual(startedAt);
  expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(seen[0]).toMatchObject({
    operation: "GetQueryExecution",
    input: { QueryExecutionId: "q" },
    principal: { roleId: "operator" },
  });
});

test("JSON 1.1: a refused request is the modelled exception with its fields", async () => {
  const service = stubService({ name: "athena", protocol: "json-1.1" }, () => {
    throw new AwsError("InvalidRequestException", "Query q was not found", 400, { AthenaErrorCode: "INVALID_INPUT" });
  });
  const { client } = await start(service);
  const failure = await new AthenaClient(client("athena"))
    .send(new GetQueryExecutionCommand({ QueryExecutionId: "q" }))
    .catch((e) => e);
  expect(failure).toBeInstanceOf(InvalidRequestException);
  expect(failure).toMatchObject({ message: "Query q was not found", AthenaErrorCode: "INVALID_INPUT" });
});

test("JSON 1.0: a body that the SDK compressed is read", async () => {
  const seen: AwsRequest[] = [];
  const service = stubService({ name: "cloudwatch", protocol: "json-1.0" }, (call) => {
    seen.push(call);
    return { body: {} };
  });
  const { client } = await start(service);
  const MetricData = Array.from({ length: 500 }, (_, index) => ({
    MetricName: `metric-number-${index}`,
    Value: index,
  }));
  await new CloudWatchClient(client("cloudwatch")).send(
    new PutMetricDataCommand({ Namespace: "Wikilake", MetricData }),
  );
  expect(seen[0]?.input["MetricData"]).toHaveLength(500);
});

const emrRoutes = [
  { method: "POST", path: "/applications/{applicationId}/jobruns", operation: "StartJobRun" },
  { method: "GET", path: "/applications/{applicationId}/jobruns", operation: "ListJobRuns" },
  { method: "GET", path: "/applications/{applicationId}/jobruns/{jobRunId}", operation: "GetJobRun" },
] as const;

test("REST-JSON: the path, the query and the body make the input", async () => {
  const seen: AwsRequest[] = [];
  const service = stubService({ name: "emr-serverless", protocol: "rest-json", routes: emrRoutes }, (call) => {
    seen.push(call);
    return { body: { applicationId: "app", jobRunId: "run", arn: "arn", jobRuns: [] } };
  });
  const { client } = await start(service);
  const emr = new EMRServerlessClient(client("emr-serverless"));
  await emr.send(new StartJobRunCommand({ applicationId: "a/b", executionRoleArn: "arn:role", clientToken: "t" }));
  await emr.send(new ListJobRunsCommand({ applicationId: "app", states: ["RUNNING", "PENDING"], maxResults: 5 }));
  expect(seen.map(({ operation, input }) => ({ operation, input }))).toEqual([
    { operation: "StartJobRun", input: { applicationId: "a/b", executionRoleArn: "arn:role", clientToken: "t" } },
    { operation: "ListJobRuns", input: { applicationId: "app", states: ["RUNNING", "PENDING"], maxResults: "5" } },
  ]);
});

test("REST-JSON: an error is the modelled exception, an unknown path is an unknown operation", async () => {
  const service = stubService({ name: "emr-serverless", protocol: "rest-json", routes: emrRoutes.slice(2) }, () => {
    throw new AwsError("ResourceNotFoundException", "no such run", 404);
  });
  const { client } = await start(service);
  const emr = new EMRServerlessClient(client("emr-serverless"));
  const missing = await emr.send(new GetJobRunCommand({ applicationId: "app", jobRunId: "x" })).catch((e) => e);
  expect(missing).toBeInstanceOf(ResourceNotFoundException);
  const unknown = await emr.send(new ListJobRunsCommand({ applicationId: "app" })).catch((e) => e);
  expect(unknown).toMatchObject({ name: "UnknownOperationException", $metadata: { httpStatusCode: 404 } });
});

test("REST-JSON: an ARN in the path and a raw payload with headers go both ways", async () => {
  const kafka = stubService(
    {
      name: "kafka",
      protocol: "rest-json",
      routes: [
        { method: "GET", path: "/v1/clusters/{clusterArn}/bootstrap-brokers", operation: "GetBootstrapBrokers" },
      ],
    },
    ({ input }) => ({ body: { bootstrapBrokerString: String(input["clusterArn"]) } }),
  );
  const lambda = stubService(
    {
      name: "lambda",
      protocol: "rest-json",
      routes: [
        {
          method: "POST",
          path: "/2015-03-31/functions/{FunctionName}/invocations",
          operation: "Invoke",
          payload: "Payload",
          headers: { InvocationType: "x-amz-invocation-type" },
        },
      ],
    },
    ({ input }) => {
      const body = Buffer.from(
        JSON.stringify({ got: Buffer.from(input["Payload"] as Uint8Array).toString(), type: input["InvocationType"] }),
      );
      return { body, headers: { "x-amz-function-error": "Unhandled" } };
    },
  );
  running = await startFacade([kafka, lambda]);
  const ClusterArn = "arn:aws:kafka:eu-west-1:000000000000:cluster/wikilake-local/id-1";
  const brokers = await new KafkaClient(running.client("kafka")).send(new GetBootstrapBrokersCommand({ ClusterArn }));
  expect(brokers.BootstrapBrokerString).toBe(ClusterArn);
  const command = new InvokeCommand({
    FunctionName: "f",
    InvocationType: "RequestResponse",
    Payload: Buffer.from('{"a":1}'),
  });
  const invoked = await new LambdaClient(running.client("lambda")).send(command);
  expect(invoked.FunctionError).toBe("Unhandled");
  expect(JSON.parse(invoked.Payload?.transformToString() ?? "")).toEqual({ got: '{"a":1}', type: "RequestResponse" });
});

test("query: lists and maps of a form are read, lists and text of the answer are written", async () => {
  const seen: AwsRequest[] = [];
  const service = stubService({ name: "sns", protocol: "query" }, (call) => {
    seen.push(call);
    if (call.operation === "ListTopics")
      return { body: { Topics: [{ TopicArn: "arn:<&>\u0000" }, { TopicArn: "b" }] } };
    return { body: { Successful: [{ Id: "1", MessageId: "m" }], Failed: [] } };
  });
  const { client } = await start(service);
  const sns = new SNSClient(client("sns"));
  const attributes = { kind: { DataType: "String", StringValue: "a&b=c" } };
  const entries = Array.from({ length: 10 }, (_, index) => ({
    Id: String(index),
    Message: "é\n",
    MessageAttributes: attributes,
  }));
  const sent = await sns.send(new PublishBatchCommand({ TopicArn: "t", PublishBatchRequestEntries: entries }));
  expect(seen[0]?.input).toEqual({ TopicArn: "t", PublishBatchRequestEntries: entries });
  expect(sent.Successful).toEqual([{ Id: "1", MessageId: "m" }]);
  const listed = await sns.send(new ListTopicsCommand({}));
  expect(listed.Topics).toEqual([{ TopicArn: "arn:<&>\uFFFD" }, { TopicArn: "b" }]);
});

test("a call that the role does not allow is refused in the protocol's shape before the service runs", async () => {
  let handled = 0;
  const count = (): { body: object } => {
    handled += 1;
    return { body: { QueryExecutionId: "q" } };
  };
  const services = [
    stubService({ name: "athena", protocol: "json-1.1" }, count, () => [
      { action: "athena:StartQueryExecution", resource: workgroup },
    ]),
    stubService({ name: "sns", protocol: "query" }, count, () => [
      { action: "sns:Publish", resource: "arn:aws:sns:eu-west-1:000000000000:t" },
    ]),
    stubService({ name: "emr-serverless", protocol: "rest-json", routes: emrRoutes }, count, () => [
      {
        action: "emr-serverless:GetJobRun",
        resource: "arn:aws:emr-serverless:eu-west-1:000000000000:/applications/a/jobruns/b",
      },
    ]),
  ];
  running = await startFacade(services, [
    roleAllowing("Reader", ["athena:GetQueryExecution"], [workgroup]),
    roleAllowing("Writer", ["athena:StartQueryExecution"], [workgroup]),
  ]);
  const { client, facade } = running;
  const query = new StartQueryExecutionCommand({ QueryString: "select 1" });
  await expect(new AthenaClient(client("athena", "Reader")).send(query)).rejects.toMatchObject({
    name: "AccessDeniedException",
    message: expect.stringContaining(
      "User: arn:aws:sts::000000000000:assumed-role/Reader/local is not authorized to perform: athena:StartQueryExecution on resource: ",
    ),
    $metadata: { httpStatusCode: 403 },
  });
  const published = await new SNSClient(client("sns", "Reader"))
    .send(new PublishCommand({ TopicArn: "t", Message: "m" }))
    .catch((e) => e);
  expect(published).toBeInstanceOf(AuthorizationErrorException);
  await expect(
    new EMRServerlessClient(client("emr-serverless", "Reader")).send(
      new GetJobRunCommand({ applicationId: "a", jobRunId: "b" }),
    ),
  ).rejects.toMatchObject({ name: "AccessDeniedException", $metadata: { httpStatusCode: 403 } });
  expect(handled).toBe(0);
  await new AthenaClient(client("athena", "Writer")).send(query);
  expect(handled).toBe(1);
  expect(facade.calls()).toContainEqual({
    roleId: "Writer",
    action: "athena:StartQueryExecution",
    resource: workgroup,
    allowed: true,
    count: 1,
  });
});

test("a key nobody issued, and no key at all, are refused as AWS does", async () => {
  const { client, facade } = await start(stubService({ name: "athena", protocol: "json-1.1" }, () => ({ body: {} })));
  const stranger = { ...client("athena"), credentials: { accessKeyId: "NOBODYSKEY", secretAccessKey: "s" } };
  const query = new StartQueryExecutionCommand({ QueryString: "select 1" });
  await expect(new AthenaClient(stranger).send(query)).rejects.toMatchObject({ name: "UnrecognizedClientException" });
  const unsigned = await fetch(`${facade.url("athena")}/`, { method: "POST", body: "{}" });
  expect([unsigned.status, unsigned.headers.get("x-amzn-errortype")]).toEqual([
    403,
    "MissingAuthenticationTokenException",
  ]);
});

test("a bug in a service is an InternalFailure without its text, which is in the log", async () => {
  const service = stubService({ name: "athena", protocol: "json-1.1" }, () => {
    throw new TypeError("secret detail");
  });
  const { client, lines } = await start(service);
  const failure = await new AthenaClient(client("athena"))
    .send(new StartQueryExecutionCommand({ QueryString: "s" }))
    .catch((e) => e);
  expect(failure).toMatchObject({ name: "InternalFailure", $metadata: { httpStatusCode: 500 } });
  expect(failure.message).not.toContain("secret detail");
  expect(lines.join("")).toContain("secret detail");
});

type BadCall = { path: string; body: Buffer; status: number; headers?: Record<string, string> };
test.each<[string, BadCall]>([
  ["a body past the bound", { path: "/athena/", body: Buffer.alloc(9 * 1024 * 1024), status: 413 }],
  ["a body that is no JSON", { path: "/athena/", body: Buffer.from("[1"), status: 400 }],
  [
    "gzip that is none",
    { path: "/athena/", body: Buffer.from("x"), headers: { "content-encoding": "gzip" }, status: 400 },
  ],
  ["an unknown service", { path: "/nothing/", body: Buffer.from("{}"), status: 404 }],
  ["a path that is no address", { path: "//", body: Buffer.from(""), status: 404 }],
])("%s is answered with an AWS error", async (_name, { path, body, status, headers = {} }) => {
  const { facade, client } = await start(stubService({ name: "athena", protocol: "json-1.1" }, () => ({ body: {} })));
  const { accessKeyId } = client("athena").credentials;
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/eu-west-1/athena/aws4_request, SignedHeaders=host, Signature=0`;
  const all = { ...headers, authorization, "x-amz-target": "AmazonAthena.StartQueryExecution" };
  const answered = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const call = request({ port: facade.port, host: "127.0.0.1", path, method: "POST", headers: all }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    // The server closes on a body past the bound while it is being sent; the answer is there all the same.
    call.on("error", (error) => (call.reusedSocket ? reject(error) : undefined));
    call.end(body);
  });
  expect(answered.status).toBe(status);
  expect(JSON.parse(answered.text)).toHaveProperty("__type");
});

test("a unit's environment has an address for each service and credentials of its own", async () => {
  const { facade, authorizer, principals } = await start(
    stubService({ name: "emr-serverless", protocol: "rest-json", routes: [] }, () => ({ body: {} })),
    roleAllowing("Unit", [], []),
  );
  const environment = facade.environment(authorizer.roleByArn("Unit"));
  expect(environment).toMatchObject({
    AWS_ENDPOINT_URL_EMR_SERVERLESS: `http://127.0.0.1:${facade.port}/emr-serverless`,
    AWS_REGION: "eu-west-1",
  });
  expect(principals.find(environment["AWS_ACCESS_KEY_ID"] ?? "")).toMatchObject({ roleId: "Unit" });
});
