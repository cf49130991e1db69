import { expect, test } from "@jest/globals";
import { createAuthorizer } from "../../../../local/aws/iam/authorizer.ts";
import type { PackagedRole, PolicyDocument } from "../../../../local/aws/iam/policy.ts";
import { createResourcePolicies } from "../../../../local/aws/iam/resource-policies.ts";
import { createRoles } from "../../../../local/aws/iam/roles.ts";

const account = "000000000000";
const bucket = "arn:aws:s3:::wikilake-local-stage-000000000000";
const policy = (...statements: object[]): PolicyDocument => ({ Version: "2012-10-17", Statement: statements });
const allow = (Action: string | string[], Resource: string | string[], Condition?: object): object => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition ? { Condition } : {}),
});
const trusts = (service: string, Condition?: object): PolicyDocument =>
  policy({
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sts:AssumeRole",
    ...(Condition ? { Condition } : {}),
  });

const role = (logicalId: string, statements: object[], trust = trusts("lambda.amazonaws.com")): PackagedRole => ({
  logicalId,
  arn: `arn:aws:iam::${account}:role/wikilake-local-${logicalId}`,
  policies: [{ name: "main", document: policy(...statements) }],
  trust,
});

function setUp(...roles: PackagedRole[]) {
  const resourcePolicies = createResourcePolicies();
  const registry = createRoles(roles);
  const authorizer = createAuthorizer({ roles: registry, resourcePolicies });
  const as = (logicalId: string) => authorizer.roleByArn(logicalId);
  return { authorizer, resourcePolicies, registry, as };
}
const writer = role("WriterRole", [
  allow(["s3:GetObject", "s3:PutObject"], [`${bucket}/stage/raw_events/*`]),
  allow("s3:PutObject", `${bucket}/owned/*`, { StringEquals: { "s3:ResourceAccount": account } }),
  allow("iam:PassRole", "*", { StringEquals: { "iam:PassedToService": "emr-serverless.amazonaws.com" } }),
]);

test("a call the packaged role allows passes, and one it does not names principal, action and resource", async () => {
  const { authorizer, as } = setUp(writer);
  await authorizer.check(as("WriterRole"), [{ action: "s3:PutObject", resource: `${bucket}/stage/raw_events/a` }]);
  const refused = authorizer.check(as("WriterRole"), [{ action: "s3:PutObject", resource: `${bucket}/stage/other/a` }]);
  await expect(refused).rejects.toMatchObject({
    code: "AccessDeniedException",
    status: 403,
    message:
      `User: arn:aws:sts::${account}:assumed-role/wikilake-local-WriterRole/local is not authorized to perform: ` +
      `s3:PutObject on resource: ${bucket}/stage/other/a because no identity-based policy allows the s3:PutObject action`,
  });
});

test("the first refusal among several permissions stops the call", async () => {
  const { authorizer, as } = setUp(writer);
  const permissions = [
    { action: "s3:GetObject", resource: `${bucket}/stage/raw_events/a` },
    { action: "s3:DeleteObject", resource: `${bucket}/stage/raw_events/a` },
  ];
  await expect(authorizer.check(as("WriterRole"), permissions)).rejects.toThrow("s3:DeleteObject");
});

test("answers kept for one key do not leak to a key that another pattern decides", async () => {
  const { authorizer, as } = setUp(
    role("R", [
      allow("s3:GetObject", `${bucket}/*`),
      { Effect: "Deny", Action: "s3:*", Resource: `${bucket}/secret/?-*` },
    ]),
  );
  const read = (key: string) => authorizer.isAllowed(as("R"), { action: "s3:GetObject", resource: `${bucket}/${key}` });
  await expect(Promise.all(["a", "secret/x", "secret/1-x", "secret/22-x", "b"].map(read))).resolves.toEqual([
    true,
    true,
    false,
    true,
    true,
  ]);
});

test("a condition value is part of the question, an unrelated one is not", async () => {
  const { authorizer, as } = setUp(writer);
  const passTo = (service: string) =>
    authorizer.isAllowed(as("WriterRole"), {
      action: "iam:PassRole",
      resource: `arn:aws:iam::${account}:role/job`,
      context: { "iam:PassedToService": service },
    });
  await expect(passTo("emr-serverless.amazonaws.com")).resolves.toBe(true);
  await expect(passTo("lambda.amazonaws.com")).resolves.toBe(false);
});

test("s3:ResourceAccount is the local account", async () => {
  const { authorizer, as } = setUp(writer);
  const put = { action: "s3:PutObject", resource: `${bucket}/owned/x` };
  await expect(authorizer.isAllowed(as("WriterRole"), put)).resolves.toBe(true);
});

test("an action without resource level is allowed only by a policy on *", async () => {
  const cluster = `arn:aws:kafka:eu-west-1:${account}:cluster/wikilake-local/id`;
  const { authorizer, as } = setUp(
    role("Exact", [allow("kafka:GetBootstrapBrokers", cluster)]),
    role("Star", [allow("kafka:GetBootstrapBrokers", "*")]),
  );
  const question = { action: "kafka:GetBootstrapBrokers", resource: cluster };
  await expect(authorizer.isAllowed(as("Exact"), question)).resolves.toBe(false);
  await expect(authorizer.isAllowed(as("Star"), question)).resolves.toBe(true);
});

test("an action that IAM does not know is refused and says so", async () => {
  const { authorizer, as } = setUp(role("R", [allow("*", "*")]));
  const refused = authorizer.check(as("R"), [{ action: "glue:Nonsense", resource: "*" }]);
  await expect(refused).rejects.toThrow("not valid for IAM");
});

test("a TLS-only bucket policy lets loopback calls through, another deny in it does not", async () => {
  const { authorizer, as, resourcePolicies } = setUp(writer);
  const deny = (extra: object) =>
    policy({ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: [bucket, `${bucket}/*`], ...extra });
  const put = { action: "s3:PutObject", resource: `${bucket}/stage/raw_events/a` };
  resourcePolicies.put(bucket, "Tls", deny({ Condition: { Bool: { "aws:SecureTransport": "false" } } }));
  await expect(authorizer.isAllowed(as("WriterRole"), put)).resolves.toBe(true);
  resourcePolicies.put(bucket, "Nobody", deny({}));
  await expect(authorizer.check(as("WriterRole"), [put])).rejects.toThrow(
    "with an explicit deny in a resource-based policy",
  );
});

test("a queue policy decides for a service by the source ARN", async () => {
  const queue = `arn:aws:sqs:eu-west-1:${account}:notices`;
  const topic = `arn:aws:sns:eu-west-1:${account}:alarms`;
  const { authorizer, resourcePolicies } = setUp();
  const send = (source: string) => ({
    action: "sqs:SendMessage",
    resource: queue,
    context: { "aws:SourceArn": source },
  });
  await expect(authorizer.checkService("sns.amazonaws.com", send(topic))).rejects.toThrow("no resource-based policy");
  resourcePolicies.put(
    queue,
    "QueuePolicy",
    policy({
      Effect: "Allow",
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queue,
      Condition: { ArnEquals: { "aws:SourceArn": topic } },
    }),
  );
  await expect(authorizer.checkService("sns.amazonaws.com", send(topic))).resolves.toBeUndefined();
  await expect(authorizer.checkService("sns.amazonaws.com", send(`${topic}x`))).rejects.toThrow("sqs:SendMessage");
});

test("a role is assumed only by the service and from the source its trust policy names", async () => {
  const group = `arn:aws:scheduler:eu-west-1:${account}:schedule-group/wikilake-local`;
  const condition = { StringEquals: { "aws:SourceAccount": account, "aws:SourceArn": group } };
  const { authorizer } = setUp(role("SchedulerRole", [], trusts("scheduler.amazonaws.com", condition)));
  const from = (service: string, source: string) =>
    authorizer.checkTrust("SchedulerRole", service, { "aws:SourceAccount": account, "aws:SourceArn": source });
  await expect(from("scheduler.amazonaws.com", group)).resolves.toMatchObject({ roleId: "SchedulerRole" });
  await expect(from("scheduler.amazonaws.com", `${group}-other`)).rejects.toThrow("sts:AssumeRole");
  await expect(from("lambda.amazonaws.com", group)).rejects.toThrow("lambda.amazonaws.com");
});

test("a replaced role is asked anew", async () => {
  const { authorizer, registry, as } = setUp(writer);
  const get = { action: "s3:GetObject", resource: `${bucket}/stage/raw_events/a` };
  await expect(authorizer.isAllowed(as("WriterRole"), get)).resolves.toBe(true);
  registry.put({ ...writer, policies: [] });
  await expect(authorizer.isAllowed(as("WriterRole"), get)).resolves.toBe(false);
});

test("the operator may do everything and leaves nothing in the list of calls", async () => {
  const { authorizer } = setUp();
  const operator = { arn: `arn:aws:iam::${account}:user/operator`, roleId: "operator" };
  await authorizer.check(operator, [{ action: "s3:DeleteBucket", resource: bucket }]);
  expect(authorizer.calls()).toEqual([]);
});

test("calls are grouped by folders of the key, refused ones apart", async () => {
  const { authorizer, as } = setUp(writer);
  const names = ["a=1/b/1", "a=1/b/2", "a=2/b/1"];
  for (const name of names) {
    await authorizer.isAllowed(as("WriterRole"), {
      action: "s3:GetObject",
      resource: `${bucket}/stage/raw_events/${name}`,
    });
  }
  await authorizer.isAllowed(as("WriterRole"), {
    action: "s3:DeleteObject",
    resource: `${bucket}/stage/raw_events/a=1/b/1`,
  });
  expect(authorizer.calls()).toEqual([
    {
      roleId: "WriterRole",
      action: "s3:GetObject",
      resource: `${bucket}/stage/raw_events/a=1/b/1`,
      allowed: true,
      count: 2,
    },
    {
      roleId: "WriterRole",
      action: "s3:GetObject",
      resource: `${bucket}/stage/raw_events/a=2/b/1`,
      allowed: true,
      count: 1,
    },
    {
      roleId: "WriterRole",
      action: "s3:DeleteObject",
      resource: `${bucket}/stage/raw_events/a=1/b/1`,
      allowed: false,
      count: 1,
    },
  ]);
});

test("what is no policy document stops the start", () => {
  const broken = { ...writer, policies: [{ name: "main", document: { Statement: [{ Effect: "Maybe" }] } }] };
  expect(() => createRoles([broken])).toThrow("WriterRole.main: not an IAM policy document");
});
