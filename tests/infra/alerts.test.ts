import { beforeAll, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, propertiesOf, resourcesOf, stackOf, textsOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);

test("topics are encrypted with a key of ours: publishing with alias/aws/sns would fail silently", () => {
  const topics = resourcesOf(stack, "AWS::SNS::Topic");
  const key = stack.resources.get("AlertKey")?.realised.ref;
  expect(topics.map(({ properties }) => properties["TopicName"])).toEqual([
    "wikilake-dev-alarms",
    "wikilake-dev-notices",
  ]);
  for (const { properties } of topics) expect(properties["KmsMasterKeyId"]).toBe(key);
});

test("the key lets alarms and budgets of this account publish, and rotates", () => {
  const properties = propertiesOf(stack, "AlertKey");
  expect(properties["EnableKeyRotation"]).toBe(true);
  const publishers = listOf(at(properties, "KeyPolicy.Statement")).find(
    (statement) => at(statement, "Sid") === "Publishers",
  );
  expect(publishers).toMatchObject({
    Principal: { Service: ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] },
    Action: ["kms:Decrypt", "kms:GenerateDataKey"],
    Condition: { StringEquals: { "aws:SourceAccount": "000000000000" } },
  });
});

test("a resource policy names its action; only the key's owner and the TLS rule use a wildcard", () => {
  const policies = [...stack.resources.values()].flatMap(({ resource }) => {
    const document = resource.properties["PolicyDocument"] ?? resource.properties["KeyPolicy"];
    return listOf(at(document, "Statement")).map((statement) => ({ logicalId: resource.logicalId, statement }));
  });
  const wild = policies.filter(({ statement }) =>
    textsOf(at(statement, "Action")).some((action) => action.includes("*")),
  );
  const allowed = wild.filter(({ statement }) => at(statement, "Effect") === "Allow");
  expect(allowed.map(({ logicalId, statement }) => `${logicalId} ${at(statement, "Sid")}`)).toEqual([
    "AlertKey Account",
  ]);
  const anyone = policies.filter(
    ({ statement }) => at(statement, "Effect") === "Allow" && at(statement, "Principal") === "*",
  );
  expect(anyone).toEqual([]);
});

test("people get notices by e-mail", () => {
  expect(resourcesOf(stack, "AWS::SNS::Subscription").map(({ properties }) => properties)).toEqual([
    { TopicArn: "ref:NoticeTopic", Protocol: "email", Endpoint: "ops@example.org" },
  ]);
});

test("what failed asynchronously is kept for 14 days, encrypted, and Scheduler may put it there", () => {
  expect(propertiesOf(stack, "AsyncFailureQueue")).toMatchObject({
    MessageRetentionPeriod: 1_209_600,
    SqsManagedSseEnabled: true,
  });
  expect(propertiesOf(stack, "AsyncFailureQueuePolicy")).toMatchObject({
    PolicyDocument: { Statement: [{ Principal: { Service: "scheduler.amazonaws.com" }, Action: "sqs:SendMessage" }] },
  });
});
