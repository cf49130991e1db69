import { beforeAll, describe, expect, test } from "@jest/globals";
import { impliedPermissions } from "../../local/aws/event-source-mapping/implied-permissions.ts";
import { readMappingConfig } from "../../local/aws/event-source-mapping/mapping-config.ts";
import { createAuthorizer, type IamAuthorizer } from "../../local/aws/iam/authorizer.ts";
import { createResourcePolicies } from "../../local/aws/iam/resource-policies.ts";
import { createRoles } from "../../local/aws/iam/roles.ts";
import { at, listOf, resourcesOf, stackOf } from "./packaged-template.ts";

const account = "000000000000";
const bucket = (name: string, key = ""): string => `arn:aws:s3:::wikilake-dev-${name}-${account}${key}`;
const glue = (rest: string): string => `arn:aws:glue:eu-west-1:${account}:${rest}`;
const table = (layer: string, name: string): string => glue(`table/wikilake_dev_${layer}/${name}`);
const workgroup = (name: string): string => `arn:aws:athena:eu-west-1:${account}:workgroup/wikilake-dev-${name}`;
const kafka = (kind: string, rest = ""): string =>
  `arn:aws:kafka:eu-west-1:${account}:${kind}/wikilake-dev/0a1b-7${rest}`;

const asRecord = (value: unknown): Record<string, unknown> => ({ ...Object(value) });

let authorizer: IamAuthorizer;
beforeAll(async () => {
  const stack = await stackOf("dev");
  const roles = resourcesOf(stack, "AWS::IAM::Role").map(({ logicalId, properties }) => ({
    logicalId,
    arn: `arn:aws:iam::${account}:role/${logicalId}`,
    policies: listOf(properties["Policies"]).map((policy) => ({
      name: String(at(policy, "PolicyName")),
      document: asRecord(at(policy, "PolicyDocument")),
    })),
    trust: asRecord(properties["AssumeRolePolicyDocument"]),
  }));
  const resourcePolicies = createResourcePolicies();
  for (const { logicalId, properties } of resourcesOf(stack, "AWS::S3::BucketPolicy")) {
    const name = logicalId.replace("BucketPolicy", "").toLowerCase();
    resourcePolicies.put(bucket(name), logicalId, asRecord(properties["PolicyDocument"]));
  }
  authorizer = createAuthorizer({ roles: createRoles(roles), resourcePolicies });
}, 60_000);

const ask = (role: string, action: string, resource: string): Promise<boolean> =>
  authorizer.isAllowed(authorizer.roleByArn(role), { action, resource });

const bronzeWork: readonly (readonly [string, string])[] = [
  ["s3:PutObject", bucket("stage", "/stage/raw_events/batch=ab12/part-0.parquet")],
  ["s3:GetObject", bucket("stage", "/stage/raw_events/batch=ab12/part-0.parquet")],
  ["s3:PutObject", bucket("stage", "/pending/bronze/ab12.raw_events")],
  ["s3:DeleteObject", bucket("stage", "/pending/bronze/ab12.dead_letter")],
  ["s3:GetObject", bucket("stage", "/commit/bronze.json")],
  ["s3:PutObject", bucket("stage", "/commit/bronze.json")],
  ["s3:ListBucket", bucket("stage")],
  ["athena:StartQueryExecution", workgroup("write")],
  ["athena:GetQueryExecution", workgroup("write")],
  ["athena:GetQueryResults", workgroup("write")],
  ["athena:StopQueryExecution", workgroup("write")],
  ["glue:GetTable", table("stage", "raw_events")],
  ["glue:GetTable", table("bronze", "raw_events")],
  ["glue:UpdateTable", table("bronze", "raw_events")],
  ["glue:UpdateTable", table("bronze", "dead_letter")],
  ["glue:UpdateTable", glue("database/wikilake_dev_bronze")],
  ["glue:UpdateTable", glue("catalog")],
  ["s3:PutObject", bucket("lake", "/bronze/raw_events/data/event_date=2026-11-21/a.parquet")],
  ["s3:GetObject", bucket("lake", "/bronze/dead_letter/metadata/v1.metadata.json")],
  ["s3:GetBucketLocation", bucket("results")],
  ["s3:PutObject", bucket("results", "/write/0f1e.csv")],
];

const allowed: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  BronzeWriterRole: bronzeWork,
  DeadLetterWriterRole: [...bronzeWork, ["s3:GetObject", bucket("failures", "/aws/lambda/some-id/raw-events/x")]],
  OpsWriterRole: [
    ["s3:ListBucket", bucket("stage")],
    ["s3:GetObject", bucket("stage", "/ops-inbox/pipeline_runs/a.json")],
    ["s3:DeleteObject", bucket("stage", "/ops-inbox/pipeline_runs/a.json")],
    ["s3:PutObject", bucket("stage", "/stage/feed_gaps/batch=ab/part-0.parquet")],
    ["s3:PutObject", bucket("stage", "/commit/ops.json")],
    ["s3:DeleteObject", bucket("stage", "/pending/ops/ab")],
    ["athena:StartQueryExecution", workgroup("write")],
    ["glue:UpdateTable", table("ops", "feed_gaps")],
    ["glue:UpdateTable", table("ops", "alerts")],
    ["s3:PutObject", bucket("lake", "/ops/pipeline_runs/data/a.parquet")],
  ],
  LiveMetricsRole: [
    ["s3:GetObject", bucket("stage", "/control/live.json")],
    ["s3:PutObject", bucket("stage", "/control/live.json")],
    ["s3:ListBucket", bucket("stage")],
    ["athena:StartQueryExecution", workgroup("write")],
    ["athena:StopQueryExecution", workgroup("write")],
    ["s3:PutObject", bucket("results", "/write/0f1e.csv")],
    ["glue:GetTable", table("bronze", "raw_events")],
    ["s3:GetObject", bucket("lake", "/bronze/raw_events/data/a.parquet")],
    ["glue:UpdateTable", table("live", "traffic_1min")],
    ["glue:UpdateTable", table("live", "blacklist_hits")],
    ["s3:PutObject", bucket("lake", "/live/user_edit_counts/data/a.parquet")],
  ],
  MigrateRole: [
    ["athena:StartQueryExecution", workgroup("maintenance")],
    ["glue:CreateTable", table("bronze", "raw_events")],
    ["glue:UpdateTable", table("silver", "cleaned_events")],
    ["s3:PutObject", bucket("lake", "/gold/hourly_stats/metadata/v1.metadata.json")],
    ["s3:PutObject", bucket("results", "/maintenance/0f1e.txt")],
  ],
  StartJobRole: [
    ["s3:GetObject", bucket("stage", "/control/desired.json")],
    ["s3:PutObject", bucket("stage", "/control/bronze-first-seen.json")],
    ["s3:GetObject", bucket("stage", "/commit/bronze.json")],
  ],
  EmrJobRole: [
    ["s3:GetObject", bucket("stage", "/jobs/ab12/runner/main.py")],
    ["s3:PutObject", bucket("stage", "/runs/r1.json")],
    ["s3:PutObject", bucket("stage", "/ops-inbox/pipeline_runs/r1-silver-published.json")],
    ["s3:PutObject", bucket("stage", "/control/pipeline.json")],
    ["s3:PutObject", bucket("stage", "/control/baselines.json")],
    ["s3:GetObject", bucket("stage", "/control/alerts.json")],
    ["s3:GetObject", bucket("lake", "/live/traffic_1min/data/a.parquet")],
    ["s3:GetObject", bucket("lake", "/bronze/raw_events/data/a.parquet")],
    ["s3:PutObject", bucket("lake", "/silver/cleaned_events/data/a.parquet")],
    ["s3:DeleteObject", bucket("lake", "/gold/hourly_stats/data/a.parquet")],
    ["glue:GetTable", table("bronze", "raw_events")],
    ["glue:UpdateTable", table("dq_audit", "quality_results")],
  ],
  ShimTaskRole: [
    ["kafka:GetBootstrapBrokers", "*"],
    ["kafka-cluster:Connect", kafka("cluster")],
    ["kafka-cluster:WriteData", kafka("topic", "/raw-events")],
    ["kafka-cluster:WriteData", kafka("topic", "/dlq-events")],
    ["kafka-cluster:WriteData", kafka("topic", "/ops-events")],
    ["kafka-cluster:ReadData", kafka("topic", "/dlq-events")],
    ["kafka-cluster:AlterGroup", kafka("group", "/wikilake-dev-shim-0f1e")],
    ["s3:GetObject", bucket("stage", "/shim/cursor.json")],
    ["s3:PutObject", bucket("stage", "/shim/cursor.json")],
    ["s3:ListBucket", bucket("stage")],
  ],
};

/** One step beyond each unit's work: what a stolen or mistaken credential must not do. */
const refused: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  BronzeWriterRole: [
    ["s3:DeleteObject", bucket("lake", "/bronze/raw_events/data/a.parquet")],
    ["s3:DeleteObject", bucket("stage", "/commit/bronze.json")],
    ["s3:DeleteObject", bucket("stage", "/stage/raw_events/batch=ab12/part-0.parquet")],
    ["s3:PutObject", bucket("lake", "/silver/cleaned_events/data/a.parquet")],
    ["s3:PutObject", bucket("stage", "/control/desired.json")],
    ["s3:PutObject", bucket("stage", "/commit/ops.json")],
    ["s3:GetObject", "arn:aws:s3:::wikilake-prod-stage-000000000000/commit/bronze.json"],
    ["glue:DeleteTable", table("bronze", "raw_events")],
    ["glue:UpdateTable", table("silver", "cleaned_events")],
    ["athena:StartQueryExecution", workgroup("maintenance")],
    ["kafka-cluster:WriteData", kafka("topic", "/raw-events")],
    ["kafka-cluster:ReadData", kafka("topic", "/dlq-events")],
  ],
  DeadLetterWriterRole: [
    ["s3:DeleteObject", bucket("failures", "/aws/lambda/some-id/raw-events/x")],
    ["kafka-cluster:ReadData", kafka("topic", "/raw-events")],
  ],
  OpsWriterRole: [
    ["s3:PutObject", bucket("stage", "/commit/bronze.json")],
    ["glue:UpdateTable", table("bronze", "raw_events")],
  ],
  LiveMetricsRole: [
    ["s3:PutObject", bucket("lake", "/bronze/raw_events/data/a.parquet")],
    ["s3:DeleteObject", bucket("lake", "/live/traffic_1min/data/a.parquet")],
    ["s3:GetObject", bucket("lake", "/bronze/dead_letter/data/a.parquet")],
    ["s3:GetObject", bucket("stage", "/stage/raw_events/batch=ab/part-0.parquet")],
    ["s3:PutObject", bucket("stage", "/commit/bronze.json")],
    ["s3:PutObject", bucket("stage", "/control/desired.json")],
    ["glue:UpdateTable", table("bronze", "raw_events")],
    ["glue:DeleteTable", table("live", "traffic_1min")],
    ["athena:StartQueryExecution", workgroup("maintenance")],
  ],
  MigrateRole: [
    ["glue:DeleteTable", table("bronze", "raw_events")],
    ["s3:DeleteObject", bucket("lake", "/bronze/raw_events/data/a.parquet")],
  ],
  StartJobRole: [
    ["s3:PutObject", bucket("stage", "/commit/bronze.json")],
    ["s3:GetObject", bucket("lake", "/silver/cleaned_events/data/a.parquet")],
  ],
  EmrJobRole: [
    ["s3:PutObject", bucket("lake", "/bronze/raw_events/data/a.parquet")],
    ["s3:PutObject", bucket("stage", "/jobs/ab12/runner/main.py")],
    ["s3:PutObject", bucket("stage", "/control/desired.json")],
    ["glue:UpdateTable", table("bronze", "raw_events")],
    ["glue:DeleteTable", table("silver", "cleaned_events")],
  ],
  ShimTaskRole: [
    ["kafka-cluster:ReadData", kafka("topic", "/ops-events")],
    ["kafka-cluster:AlterGroup", kafka("group", "/wikilake-dev-raw-events")],
    ["kafka-cluster:DeleteTopic", kafka("topic", "/raw-events")],
    ["s3:PutObject", bucket("stage", "/commit/bronze.json")],
  ],
};

const rows = (table: typeof allowed): [string, string, string][] =>
  Object.entries(table).flatMap(([role, calls]) =>
    calls.map(([action, resource]): [string, string, string] => [role, action, resource]),
  );

describe("the packaged roles, asked as IAM would be", () => {
  test.each(rows(allowed))("%s may %s on %s", async (role, action, resource) => {
    expect(await ask(role, action, resource)).toBe(true);
  });

  test.each(rows(refused))("%s may not %s on %s", async (role, action, resource) => {
    expect(await ask(role, action, resource)).toBe(false);
  });

  test("each mapping's function may do what Lambda does in its name", async () => {
    const stack = await stackOf("dev");
    for (const resource of resourcesOf(stack, "AWS::Lambda::EventSourceMapping")) {
      const properties = {
        ...resource.properties,
        EventSourceArn: kafka("cluster"),
        FunctionName: "wikilake-dev-writer",
      };
      const destination = { DestinationConfig: { OnFailure: { Destination: bucket("failures") } } };
      const config = readMappingConfig({ ...resource, properties: { ...properties, ...destination } });
      const role = resource.logicalId.replace(/EventSourceMapping.*/, "Role");
      await authorizer.check(authorizer.roleByArn(role), impliedPermissions(config));
    }
  });
});
