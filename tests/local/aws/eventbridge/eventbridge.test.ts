import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createEventBus, type EventBus } from "../../../../local/aws/eventbridge/event-bus.ts";
import { createEventBridgeProvider } from "../../../../local/aws/eventbridge/provider.ts";
import { createEventBridgeService } from "../../../../local/aws/eventbridge/service.ts";
import { account, roleAllowing, startFacade, type TestFacade } from "../facade/contract-services.ts";
import { signedCall } from "../facade/signed-call.ts";

const functionArn = `arn:aws:lambda:eu-west-1:${account}:function:job-events`;
const busArn = `arn:aws:events:eu-west-1:${account}:event-bus/default`;
let running: TestFacade;
let bus: EventBus;
let delivered: [string, unknown][];

beforeEach(async () => {
  delivered = [];
  running = await startFacade(
    [],
    [roleAllowing("Sender", ["events:PutEvents"], [busArn]), roleAllowing("Other", [], [])],
  );
  const { authorizer, logger } = running;
  const deliver = async (targetArn: string, body: string) => void delivered.push([targetArn, JSON.parse(body)]);
  bus = createEventBus({
    authorizer,
    logger,
    deliver,
    now: () => Date.parse("2026-01-02T03:04:05.678Z"),
    newId: () => "event-1",
  });
  running.facade.add(createEventBridgeService({ bus }));
});
afterEach(async () => running.facade.close());

const rule = (properties: Record<string, unknown>) =>
  createEventBridgeProvider({ bus, prefix: "wikilake-local" }).create({
    logicalId: "JobFailed",
    type: "AWS::Events::Rule",
    properties: { Targets: [{ Id: "t", Arn: functionArn }], ...properties },
  });
const permit = (sourceArn: string): void =>
  running.resourcePolicies.put(functionArn, "Permission", {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "events.amazonaws.com" },
        Action: "lambda:InvokeFunction",
        Resource: functionArn,
        Condition: { ArnLike: { "aws:SourceArn": sourceArn } },
      },
    ],
  });
const jobState = (state: string) =>
  bus.publish({ source: "aws.emr-serverless", detailType: "EMR Serverless Job Run State Change", detail: { state } });
const put = (entries: object[], role?: string) =>
  signedCall(running, "eventbridge", role, "AWSEvents.PutEvents", JSON.stringify({ Entries: entries }));

test("an event reaches the targets of the rules that match, in EventBridge's form", async () => {
  const { attributes } = await rule({
    EventPattern: { source: ["aws.emr-serverless"], detail: { state: ["FAILED", "CANCELLED"] } },
  });
  permit(String(attributes["Arn"]));
  jobState("SUCCESS");
  jobState("FAILED");
  await bus.drained();
  expect(delivered).toEqual([
    [
      functionArn,
      {
        version: "0",
        id: "event-1",
        "detail-type": "EMR Serverless Job Run State Change",
        source: "aws.emr-serverless",
        account,
        time: "2026-01-02T03:04:05Z",
        region: "eu-west-1",
        resources: [],
        detail: { state: "FAILED" },
      },
    ],
  ]);
});

test("a target that does not permit the rule gets nothing, and the log says why", async () => {
  await rule({ EventPattern: { source: ["aws.emr-serverless"] } });
  permit(`arn:aws:events:eu-west-1:${account}:rule/another`);
  jobState("FAILED");
  await bus.drained();
  expect(delivered).toEqual([]);
  expect(running.lines.join()).toContain("lambda:InvokeFunction");
});

test("a disabled rule does nothing, a fixed input replaces the event", async () => {
  permit("arn:aws:events:*:*:rule/*");
  await rule({ Name: "off", State: "DISABLED", EventPattern: { source: ["mine"] } });
  await rule({
    Name: "on",
    EventPattern: { source: ["mine"] },
    Targets: [{ Id: "t", Arn: functionArn, Input: '{"a":1}' }],
  });
  const answer = await put([{ Source: "mine", DetailType: "d", Detail: "{}" }], "Sender");
  expect(JSON.parse(answer.text)).toEqual({ Entries: [{ EventId: "event-1" }], FailedEntryCount: 0 });
  await bus.drained();
  expect(delivered).toEqual([[functionArn, { a: 1 }]]);
});

test("entries that are wrong fail one by one, and a missing right refuses all", async () => {
  const entries = [
    { Source: "aws.s3", DetailType: "d", Detail: "{}" },
    { Source: "mine", DetailType: "d", Detail: "[1" },
    { Source: "mine", DetailType: "d", Detail: "{}" },
  ];
  expect(JSON.parse((await put(entries)).text)).toMatchObject({
    FailedEntryCount: 2,
    Entries: [{ ErrorCode: "NotAuthorizedForSource" }, { ErrorCode: "MalformedDetail" }, { EventId: "event-1" }],
  });
  expect(await put(entries, "Other")).toMatchObject({
    status: 403,
    text: expect.stringContaining("AccessDeniedException"),
  });
  expect(await put([])).toMatchObject({ status: 400, text: expect.stringContaining("ValidationException") });
});

test("a rule that could not be run as on AWS stops the start", async () => {
  await expect(rule({ ScheduleExpression: "rate(1 minute)" })).rejects.toThrow("EventPattern");
  await expect(
    rule({ EventPattern: {}, Targets: [{ Id: "t", Arn: `arn:aws:states:eu-west-1:${account}:x` }] }),
  ).rejects.toThrow("targets here");
  await expect(rule({ EventPattern: { source: [{ cidr: "10.0.0.0/8" }] } })).rejects.toThrow();
});
