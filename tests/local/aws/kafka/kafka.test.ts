import {
  DescribeClusterV2Command,
  GetBootstrapBrokersCommand,
  KafkaClient,
  NotFoundException,
} from "@aws-sdk/client-kafka";
import { afterEach, expect, test } from "@jest/globals";
import { createLogger } from "../../../../lib/platform/logger.ts";
import type { NewTopic, TopicAdmin } from "../../../../local/aws/kafka/admin.ts";
import { createKafkaClusters } from "../../../../local/aws/kafka/clusters.ts";
import { createKafkaProvider } from "../../../../local/aws/kafka/provider.ts";
import { createKafkaService } from "../../../../local/aws/kafka/service.ts";
import { roleAllowing, startFacade, type TestFacade } from "../facade/contract-services.ts";

const brokers = ["127.0.0.1:9092"];
let running: TestFacade | undefined;
afterEach(async () => running?.facade.close());

function setUp() {
  const clusters = createKafkaClusters();
  const topics = new Map<string, NewTopic>();
  const lines: string[] = [];
  const admin: TopicAdmin = {
    describe: async (name) => topics.get(name),
    create: async (topic) => void topics.set(topic.name, topic),
    grow: async (name, partitions) => void topics.set(name, { ...(topics.get(name) as NewTopic), partitions }),
    configure: async (name, configs) => void topics.set(name, { ...(topics.get(name) as NewTopic), configs }),
    close: async () => {},
  };
  const logger = createLogger({ write: (line) => lines.push(line) });
  const provider = createKafkaProvider({ clusters, brokers, connect: async () => admin, logger });
  return { clusters, topics, lines, provider };
}
const cluster = {
  logicalId: "MskCluster",
  type: "AWS::MSK::Cluster",
  properties: { ClusterName: "wikilake-local", KafkaVersion: "3.9.x.kraft", NumberOfBrokerNodes: "3" },
};
const topic = (ClusterArn: string, extra = {}) => ({
  logicalId: "RawEventsTopic",
  type: "AWS::MSK::Topic",
  properties: {
    ClusterArn,
    TopicName: "raw-events",
    PartitionCount: "12",
    ReplicationFactor: "3",
    Configs: Buffer.from("cleanup.policy=delete\n# a comment\nmin.insync.replicas=2\n").toString("base64"),
    ...extra,
  },
});

test("brokers are told to a unit in the VPC; one outside gets addresses it cannot reach", async () => {
  const { clusters, provider } = setUp();
  const { ref: ClusterArn } = await provider.create(cluster);
  const service = createKafkaService({ clusters, inVpc: ({ roleId }) => roleId === "Shim" });
  const actions = ["kafka:GetBootstrapBrokers", "kafka:DescribeClusterV2"];
  running = await startFacade(
    [service],
    [roleAllowing("Shim", actions, ["*"]), roleAllowing("Lambda", actions, ["*"])],
  );
  const ask = async (role: string) => {
    const client = new KafkaClient(running?.client("kafka", role) ?? {});
    return (await client.send(new GetBootstrapBrokersCommand({ ClusterArn }))).BootstrapBrokerString;
  };
  expect(await ask("Shim")).toBe("127.0.0.1:9092");
  expect(await ask("Lambda")).toBe("b-1.wikilake-local.outside-the-vpc.invalid:9092");
  const described = await new KafkaClient(running.client("kafka", "Shim")).send(
    new DescribeClusterV2Command({ ClusterArn }),
  );
  expect(described.ClusterInfo).toMatchObject({
    ClusterName: "wikilake-local",
    State: "ACTIVE",
    ClusterType: "PROVISIONED",
    Provisioned: { NumberOfBrokerNodes: 3 },
  });
  const unknown = await new KafkaClient(running.client("kafka"))
    .send(new DescribeClusterV2Command({ ClusterArn: `${ClusterArn}x` }))
    .catch((e) => e);
  expect(unknown).toBeInstanceOf(NotFoundException);
});

test("the cluster has the same ARN at every start, in MSK's form", async () => {
  const [first, second] = [setUp(), setUp()];
  const { ref } = await first.provider.create(cluster);
  expect(ref).toMatch(
    /^arn:aws:kafka:eu-west-1:000000000000:cluster\/wikilake-local\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-1$/,
  );
  expect((await second.provider.create(cluster)).ref).toBe(ref);
});

test("a topic is made with its configuration, replicated as far as the local brokers go", async () => {
  const { provider, topics, lines } = setUp();
  const { ref } = await provider.create(cluster);
  const made = await provider.create(topic(ref));
  expect(made.attributes["TopicArn"]).toBe(`${ref.replace(":cluster/", ":topic/")}/raw-events`);
  expect(topics.get("raw-events")).toEqual({
    name: "raw-events",
    partitions: 12,
    replication: 1,
    configs: { "cleanup.policy": "delete", "min.insync.replicas": "1" },
  });
  expect(lines.join()).toContain("topic-replication-capped");
});

test("a topic that is there is grown and configured, and never cut", async () => {
  const { provider, topics } = setUp();
  const { ref } = await provider.create(cluster);
  await provider.create(topic(ref, { PartitionCount: 3 }));
  await provider.create(topic(ref, { Configs: Buffer.from("retention.ms=1").toString("base64") }));
  expect(topics.get("raw-events")).toMatchObject({ partitions: 12, configs: { "retention.ms": "1" } });
  await expect(provider.create(topic(ref, { PartitionCount: 4 }))).rejects.toThrow(
    "has 12 partitions and cannot be cut to 4",
  );
});
