import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, propertiesOf, stackOf } from "./packaged-template.ts";

const day = 86_400_000;
const settings = (text: unknown): Record<string, string> =>
  Object.fromEntries(
    String(text)
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2) as [string, string]),
  );

describe.each([
  ["dev", { brokers: 2, replication: 2, minInsync: "1" }],
  ["local", { brokers: 2, replication: 2, minInsync: "1" }],
  ["prod", { brokers: 3, replication: 3, minInsync: "2" }],
])("the broker of stage %s", (stage, { brokers, replication, minInsync }) => {
  let stack: RealisedStack;
  beforeAll(async () => {
    stack = await stackOf(stage);
  }, 60_000);
  const cluster = () => propertiesOf(stack, "MskCluster");
  const server = () => settings(propertiesOf(stack, "MskConfiguration")["ServerProperties"]);
  const topic = (name: string) => {
    const properties = propertiesOf(stack, name);
    return { properties, configs: settings(Buffer.from(String(properties["Configs"]), "base64").toString("utf8")) };
  };

  test("is KRaft on instances that KRaft accepts, spread evenly over its zones", () => {
    expect(cluster()["KafkaVersion"]).toMatch(/^3\.9\.x\.kraft$/);
    expect(at(cluster(), "BrokerNodeGroupInfo.InstanceType")).toMatch(/^kafka\.(m5|m7g)\./);
    const subnets = listOf(at(cluster(), "BrokerNodeGroupInfo.ClientSubnets"));
    expect(new Set(subnets).size).toBe(subnets.length);
    expect(cluster()["NumberOfBrokerNodes"]).toBe(brokers);
    expect(brokers % subnets.length).toBe(0);
  });

  test("takes IAM over TLS and nothing else", () => {
    expect(cluster()["ClientAuthentication"]).toEqual({
      Sasl: { Iam: { Enabled: true } },
      Unauthenticated: { Enabled: false },
    });
    expect(at(cluster(), "EncryptionInfo.EncryptionInTransit")).toEqual({ ClientBroker: "TLS", InCluster: true });
  });

  test("loses no acknowledged record to an election, and still writes while one broker is patched", () => {
    expect(server()).toMatchObject({
      "unclean.leader.election.enable": "false",
      "auto.create.topics.enable": "false",
      "default.replication.factor": String(replication),
      "min.insync.replicas": minInsync,
    });
    expect(Number(minInsync)).toBeLessThan(replication);
    // The consumer groups' positions outlive the records they point at.
    expect(Number(server()["offsets.retention.minutes"]) * 60_000).toBeGreaterThanOrEqual(14 * day);
  });

  test.each([
    ["RawEventsTopic", "raw-events", 12, 7],
    ["DlqEventsTopic", "dlq-events", 1, 14],
    ["OpsEventsTopic", "ops-events", 1, 7],
  ])("%s has its partitions, retention and broker time", (logicalId, name, partitions, days) => {
    const { properties, configs } = topic(logicalId);
    expect(properties).toMatchObject({
      TopicName: name,
      PartitionCount: partitions,
      ReplicationFactor: replication,
      ClusterArn: "ref:MskCluster",
    });
    expect(configs).toMatchObject({
      "cleanup.policy": "delete",
      "retention.ms": String(days * day),
      "message.timestamp.type": "LogAppendTime",
    });
    // A record must fit, in base64, into the 6 MB that Lambda takes.
    expect((Number(configs["max.message.bytes"]) * 4) / 3).toBeLessThan(6 * 1024 * 1024);
    expect(Number(configs["max.message.bytes"])).toBeLessThanOrEqual(Number(server()["message.max.bytes"]));
  });
});

test("partitions of raw-events are a parameter between 3 and 24", async () => {
  expect(propertiesOf(await stackOf("dev", { RawPartitions: "24" }), "RawEventsTopic")["PartitionCount"]).toBe(24);
  await expect(stackOf("dev", { RawPartitions: "2" })).rejects.toThrow("least value is 3");
  await expect(stackOf("dev", { RawPartitions: "25" })).rejects.toThrow("largest value is 24");
}, 60_000);
