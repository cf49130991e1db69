import { beforeAll, describe, expect, test } from "@jest/globals";
import type { ResolvedResource } from "../../local/aws/resource.ts";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, propertiesOf, resourcesOf, stackOf, textsOf } from "./packaged-template.ts";

let stack: RealisedStack;
let roles: ResolvedResource[];
beforeAll(async () => {
  stack = await stackOf("dev");
  roles = resourcesOf(stack, "AWS::IAM::Role");
}, 60_000);

type Statement = {
  readonly role: string;
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly raw: unknown;
};

const statements = (): Statement[] =>
  roles.flatMap(({ logicalId, properties }) =>
    listOf(properties["Policies"])
      .flatMap((policy) => listOf(at(policy, "PolicyDocument.Statement")))
      .map((raw) => ({
        role: logicalId,
        sid: String(at(raw, "Sid")),
        actions: textsOf(at(raw, "Action")),
        resources: textsOf(at(raw, "Resource")),
        raw,
      })),
  );

/** Where the service knows no narrower resource. Everything else names what it is about. */
const withoutResourceLevel = [
  "BronzeWriterRole PollerNetwork", // the manual's own policy for the network interfaces of a Kafka mapping
  "DeadLetterWriterRole PollerNetwork",
  "OpsWriterRole PollerNetwork",
  "EmrJobRole FindLogs", // logs:DescribeLogGroups
  "ShimExecutionRole ImageToken", // ecr:GetAuthorizationToken
  "ShimTaskRole Brokers", // kafka:GetBootstrapBrokers
];

/** Resources that are not named after the stage: the catalogue itself, and what Spark's session asks for in any job. */
const sharedNames = [/:catalog$/, /:database\/default$/, /:database\/global_temp$/];

describe("a role of the template", () => {
  test("names every action: no wildcard, no NotAction, only Allow", () => {
    const wild = statements().filter(
      ({ actions, raw }) =>
        actions.length === 0 || actions.some((action) => action.includes("*")) || at(raw, "Effect") !== "Allow",
    );
    expect(wild.map(({ role, sid }) => `${role} ${sid}`)).toEqual([]);
  });

  test("names every resource, but for what has no resource level", () => {
    const open = statements().filter(({ resources }) => resources.length === 0 || resources.includes("*"));
    expect(open.map(({ role, sid }) => `${role} ${sid}`).sort()).toEqual([...withoutResourceLevel].sort());
  });

  test("reaches nothing of another stage", () => {
    const foreign = statements()
      .flatMap(({ role, sid, resources }) => resources.map((resource) => ({ where: `${role} ${sid}`, resource })))
      .filter(({ resource }) => resource !== "*" && !resource.startsWith("arn:aws:stand-in:"))
      .filter(
        ({ resource }) => !/wikilake[-_/]dev/.test(resource) && !sharedNames.some((shared) => shared.test(resource)),
      );
    expect(foreign).toEqual([]);
  });

  test("has its statements inline, named once, and no managed policy", () => {
    for (const { logicalId, properties } of roles) {
      expect(properties["ManagedPolicyArns"]).toBeUndefined();
      const sids = statements()
        .filter(({ role }) => role === logicalId)
        .map(({ sid }) => sid);
      expect(sids).toEqual([...new Set(sids)]);
      expect(sids).not.toContain("undefined");
    }
  });

  test("is held by one unit only", () => {
    const users = [
      ...resourcesOf(stack, "AWS::Lambda::Function").map(({ properties }) => properties["Role"]),
      at(propertiesOf(stack, "ShimTask"), "TaskRoleArn"),
      at(propertiesOf(stack, "ShimTask"), "ExecutionRoleArn"),
      at(propertiesOf(stack, "CycleSchedule"), "Target.RoleArn"),
      at(propertiesOf(stack, "StartJobLambdaFunction"), "Environment.Variables.JOB_ROLE_ARN"),
    ];
    expect(users.map(String).sort()).toEqual(roles.map(({ logicalId }) => `arn:aws:stand-in:::${logicalId}`).sort());
  });

  test("is assumed by the service that runs its unit, and by no other", () => {
    const principals = Object.fromEntries(
      roles.map(({ logicalId, properties }) => [
        logicalId,
        listOf(at(properties, "AssumeRolePolicyDocument.Statement")).map((statement) =>
          at(statement, "Principal.Service"),
        ),
      ]),
    );
    const lambda = ["lambda.amazonaws.com"];
    expect(principals).toEqual({
      BronzeWriterRole: lambda,
      DeadLetterWriterRole: lambda,
      OpsWriterRole: lambda,
      LiveMetricsRole: lambda,
      MigrateRole: lambda,
      StartJobRole: lambda,
      SchedulerRole: ["scheduler.amazonaws.com"],
      EmrJobRole: ["emr-serverless.amazonaws.com"],
      ShimExecutionRole: ["ecs-tasks.amazonaws.com"],
      ShimTaskRole: ["ecs-tasks.amazonaws.com"],
    });
  });
});

describe("rights that AWS asks for without saying so", () => {
  const allows = (role: string, action: string): readonly string[] =>
    statements()
      .filter((statement) => statement.role === role && statement.actions.includes(action))
      .flatMap(({ resources }) => resources);
  const bucket = (name: string): string => `arn:aws:s3:::wikilake-dev-${name}-000000000000`;

  test("who reads an object of the stage bucket may list it: a missing key is a 404 then, not a 403", () => {
    const readers = roles
      .map(({ logicalId }) => logicalId)
      .filter((role) => allows(role, "s3:GetObject").some((resource) => resource.startsWith(bucket("stage"))));
    expect(readers.length).toBeGreaterThan(3);
    for (const role of readers) expect(allows(role, "s3:ListBucket")).toContain(bucket("stage"));
  });

  test.each(["BronzeWriterRole", "DeadLetterWriterRole", "OpsWriterRole"])(
    "%s lets its mapping poll Kafka and keep what failed",
    (role) => {
      const topic = { BronzeWriterRole: "raw-events", DeadLetterWriterRole: "dlq-events", OpsWriterRole: "ops-events" }[
        role
      ];
      const kafka = (kind: string, end: string): string =>
        `arn:aws:kafka:eu-west-1:000000000000:${kind}/wikilake-dev/*${end}`;
      expect(allows(role, "kafka:GetBootstrapBrokers")).toEqual(["*"]);
      for (const action of ["kafka:DescribeClusterV2", "kafka-cluster:Connect"]) {
        expect(allows(role, action)).toEqual([kafka("cluster", "")]);
      }
      expect(allows(role, "kafka-cluster:ReadData")).toEqual([kafka("topic", `/${topic}`)]);
      expect(allows(role, "kafka-cluster:AlterGroup")).toEqual([kafka("group", `/wikilake-dev-${topic}`)]);
      expect(allows(role, "ec2:CreateNetworkInterface")).toEqual(["*"]);
      expect(allows(role, "s3:PutObject")).toContain(`${bucket("failures")}/*`);
      expect(allows(role, "s3:ListBucket")).toContain(bucket("failures"));
    },
  );

  test("both writers of bronze can finish each other's commit", () => {
    const shared = (role: string): Statement[] =>
      statements().filter(
        ({ role: owner, sid }) =>
          owner === role && /^(Stage|CommitSlot|Pending|Queries|Results|ReadCatalog|CommitCatalog|Tables)$/.test(sid),
      );
    expect(shared("DeadLetterWriterRole").map(({ raw }) => raw)).toEqual(
      shared("BronzeWriterRole").map(({ raw }) => raw),
    );
    expect(shared("BronzeWriterRole")).toHaveLength(8);
  });

  test("no writer can delete table data, and only Spark can", () => {
    const deleters = roles
      .map(({ logicalId }) => logicalId)
      .filter((role) => allows(role, "s3:DeleteObject").some((resource) => resource.startsWith(bucket("lake"))));
    expect(deleters).toEqual(["EmrJobRole"]);
    expect(allows("EmrJobRole", "s3:DeleteObject").filter((resource) => /\/(bronze|ops)\//.test(resource))).toEqual([]);
  });

  test("only start-job hands a role on, the job's, and only to EMR Serverless", () => {
    const passing = statements().filter(({ actions }) => actions.includes("iam:PassRole"));
    expect(passing.map(({ role, resources }) => [role, ...resources])).toEqual([
      ["StartJobRole", "arn:aws:stand-in:::EmrJobRole"],
    ]);
    expect(at(passing[0]?.raw, "Condition.StringEquals")).toEqual({
      "iam:PassedToService": "emr-serverless.amazonaws.com",
    });
  });

  test("only the shim writes to Kafka", () => {
    const writers = statements().filter(({ actions }) => actions.includes("kafka-cluster:WriteData"));
    expect(writers.map(({ role }) => role)).toEqual(["ShimTaskRole"]);
  });

  test("Spark may ask for the databases that its session always asks for", () => {
    const databases = allows("EmrJobRole", "glue:GetDatabase").map((resource) => resource.split(":").at(-1));
    expect(databases).toEqual(expect.arrayContaining(["catalog", "database/default", "database/global_temp"]));
  });
});
