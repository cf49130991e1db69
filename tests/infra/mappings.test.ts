import { beforeAll, describe, expect, test } from "@jest/globals";
import type { ResolvedResource } from "../../local/aws/resource.ts";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, packagedTemplate, propertiesOf, resourcesOf, stackOf } from "./packaged-template.ts";

const day = 86_400;
const writers = {
  BronzeWriter: { topic: "raw-events", resource: "RawEventsTopic", bisect: false },
  DeadLetterWriter: { topic: "dlq-events", resource: "DlqEventsTopic", bisect: false },
  OpsWriter: { topic: "ops-events", resource: "OpsEventsTopic", bisect: true },
} as const;

describe.each(["dev", "prod", "local"])("the mappings of stage %s", (stage) => {
  let stack: RealisedStack;
  let mappings: ResolvedResource[];
  beforeAll(async () => {
    stack = await stackOf(stage);
    mappings = resourcesOf(stack, "AWS::Lambda::EventSourceMapping");
  }, 60_000);
  const mappingOf = (topic: string): ResolvedResource => {
    const found = mappings.find(({ properties }) => at(properties, "Topics.0") === topic);
    if (found === undefined) throw new Error(`no mapping of ${topic}`);
    return found;
  };

  test("are one a topic", () => {
    expect(mappings.map(({ properties }) => properties["Topics"])).toEqual(
      expect.arrayContaining([["raw-events"], ["dlq-events"], ["ops-events"]]),
    );
    expect(mappings).toHaveLength(3);
  });

  test.each(Object.entries(writers))(
    "%s: error controls, start, group and destination are as promised",
    (name, { topic, bisect }) => {
      expect(mappingOf(topic).properties).toMatchObject({
        FunctionName: `arn:aws:stand-in:::${name}LambdaFunction`,
        EventSourceArn: "ref:MskCluster",
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `wikilake-${stage}-${topic}` },
        // LATEST loses what arrives while a mapping is made or changed.
        StartingPosition: "TRIM_HORIZON",
        // With a destination, "infinite" would mean 10.
        MaximumRetryAttempts: 10_000,
        MaximumRecordAgeInSeconds: 7 * day,
        BisectBatchOnFunctionError: bisect,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        DestinationConfig: { OnFailure: { Destination: "arn:aws:stand-in:::FailuresBucket" } },
        MetricsConfig: { Metrics: expect.arrayContaining(["EventCount", "ErrorCount", "KafkaMetrics"]) },
      });
    },
  );

  test("are provisioned, within their partitions, and share one event-poller unit", () => {
    const pollers = (topic: string): number =>
      Number(at(mappingOf(topic).properties, "ProvisionedPollerConfig.MaximumPollers"));
    for (const { topic, resource } of Object.values(writers)) {
      const partitions = Number(propertiesOf(stack, resource)["PartitionCount"]);
      expect(pollers(topic)).toBeGreaterThanOrEqual(1);
      expect(pollers(topic)).toBeLessThanOrEqual(partitions);
    }
    const groups = mappings.map(({ properties }) => at(properties, "ProvisionedPollerConfig.PollerGroupName"));
    expect(new Set(groups)).toEqual(new Set([`wikilake-${stage}`]));
    // One unit holds 10 pollers.
    expect(Object.values(writers).reduce((sum, { topic }) => sum + pollers(topic), 0)).toBeLessThanOrEqual(10);
  });

  test("call functions that end within what a Kafka mapping accepts", () => {
    for (const name of Object.keys(writers)) {
      expect(propertiesOf(stack, `${name}LambdaFunction`)["Timeout"]).toBeLessThanOrEqual(840);
    }
  });

  test("give up on a record no later than its topic does, and its stage object outlives both", () => {
    for (const { topic, resource } of Object.values(writers)) {
      const configs = Buffer.from(String(propertiesOf(stack, resource)["Configs"]), "base64").toString("utf8");
      const retention = Number(/^retention\.ms=(\d+)$/m.exec(configs)?.[1]) / 1000;
      expect(Number(mappingOf(topic).properties["MaximumRecordAgeInSeconds"])).toBeLessThanOrEqual(retention);
    }
    const rules = listOf(at(propertiesOf(stack, "StageBucket"), "LifecycleConfiguration.Rules"));
    const staged = rules.find((rule) => at(rule, "Prefix") === "stage/");
    expect(Number(at(staged, "ExpirationInDays"))).toBeGreaterThan(7);
  });

  test("poll only once their tables, topics and way to the failure bucket exist", async () => {
    const { Resources } = await packagedTemplate(stage);
    for (const { topic, resource } of Object.values(writers)) {
      const dependencies = Resources[mappingOf(topic).logicalId]?.DependsOn;
      expect(dependencies).toEqual(
        expect.arrayContaining([
          "Tables",
          resource,
          "WriteWorkGroup",
          "BrokerFromPollers",
          "PollersToS3",
          "S3Endpoint",
        ]),
      );
    }
    expect(Resources[mappingOf("raw-events").logicalId]?.DependsOn).toContain("StageRawEvents");
    // Anchors and merges may tear a text apart: every entry is a resource.
    for (const { DependsOn } of Object.values(Resources)) {
      for (const name of DependsOn) expect(Object.keys(Resources)).toContain(name);
    }
  });
});
