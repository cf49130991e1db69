import { describe, expect, test } from "@jest/globals";
import { impliedPermissions } from "../../../../local/aws/event-source-mapping/implied-permissions.ts";
import { type MappingConfig, readMappingConfig } from "../../../../local/aws/event-source-mapping/mapping-config.ts";

const base = {
  FunctionName: "writer",
  EventSourceArn: "arn:aws:kafka:eu-west-1:000000000000:cluster/c/1",
  Topics: ["raw-events"],
  StartingPosition: "TRIM_HORIZON",
};
const read = (properties: Record<string, unknown>): MappingConfig =>
  readMappingConfig({ logicalId: "Mapping", type: "AWS::Lambda::EventSourceMapping", properties });

describe("a Kafka mapping", () => {
  test.each([
    ["MaximumRetryAttempts", 3],
    ["MaximumRecordAgeInSeconds", 60],
    ["BisectBatchOnFunctionError", true],
    ["FunctionResponseTypes", ["ReportBatchItemFailures"]],
    ["DestinationConfig", { OnFailure: { Destination: "arn:aws:s3:::f" } }],
  ])("on demand is refused with %s", (name, value) => {
    expect(() => read({ ...base, [name]: value })).toThrow(/only with ProvisionedPollerConfig/);
    expect(() => read({ ...base, [name]: value, ProvisionedPollerConfig: {} })).not.toThrow();
  });

  test.each([
    ["no starting position", { StartingPosition: undefined }],
    ["two topics", { Topics: ["a", "b"] }],
    ["a batch above 10,000", { BatchSize: 10_001 }],
    ["a window above 300 s", { MaximumBatchingWindowInSeconds: 301 }],
    ["fewer pollers at most than at least", { ProvisionedPollerConfig: { MinimumPollers: 3, MaximumPollers: 2 } }],
    ["a filter, which nothing here applies", { FilterCriteria: { Filters: [] } }],
    ["an unknown source", { EventSourceArn: "arn:aws:dynamodb:eu-west-1:000000000000:table/t" }],
  ])("with %s is refused", (_, change) => {
    expect(() => read({ ...base, ...change })).toThrow(
      expect.objectContaining({ code: "InvalidParameterValueException" }),
    );
  });

  test("has AWS's defaults", () => {
    expect(read(base)).toMatchObject({
      batchSize: 100,
      windowMs: 500,
      pollers: undefined,
      rules: { maximumRetryAttempts: -1, maximumRecordAgeMs: -1, bisectOnError: false, readsReply: false },
      isEnabled: true,
    });
  });

  test("retries ten times when it says without end but has a destination", () => {
    const destination = { DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::f" } } };
    const provisioned = { ...base, ProvisionedPollerConfig: { MinimumPollers: "1", MaximumPollers: "3" } };
    expect(read({ ...provisioned, ...destination })).toMatchObject({ rules: { maximumRetryAttempts: 10 } });
    expect(read({ ...provisioned, ...destination, MaximumRetryAttempts: 10_000 })).toMatchObject({
      rules: { maximumRetryAttempts: 10_000 },
    });
  });

  test("has the same id at each start", () => {
    expect(read(base).uuid).toBe(read({ ...base, BatchSize: 7 }).uuid);
    expect(read(base).uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("implies calls on the cluster, topic, group, network and failure bucket", () => {
    const config = read({
      ...base,
      ProvisionedPollerConfig: {},
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: "g" },
      DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::f" } },
    });
    const asked = impliedPermissions(config).map(({ action, resource }) => `${action} ${resource}`);
    expect(asked).toEqual(
      expect.arrayContaining([
        "kafka:DescribeClusterV2 arn:aws:kafka:eu-west-1:000000000000:cluster/c/1",
        "kafka-cluster:ReadData arn:aws:kafka:eu-west-1:000000000000:topic/c/1/raw-events",
        "kafka-cluster:AlterGroup arn:aws:kafka:eu-west-1:000000000000:group/c/1/g",
        "ec2:CreateNetworkInterface *",
        `s3:PutObject arn:aws:s3:::f/aws/lambda/${config.uuid}/`,
      ]),
    );
  });
});

test("a queue mapping with a large batch needs a window", () => {
  const queue = { FunctionName: "notify", EventSourceArn: "arn:aws:sqs:eu-west-1:000000000000:q" };
  expect(read({ ...queue, BatchSize: 10 })).toMatchObject({ kind: "queue", windowMs: 0 });
  expect(() => read({ ...queue, BatchSize: 11 })).toThrow(/needs a MaximumBatchingWindowInSeconds/);
});
