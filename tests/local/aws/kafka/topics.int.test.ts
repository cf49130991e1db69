import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { ConfigResourceTypes, Kafka, logLevel } from "kafkajs";
import { createLogger } from "../../../../lib/platform/logger.ts";
import { connectTopicAdmin } from "../../../../local/aws/kafka/admin.ts";
import { createKafkaClusters } from "../../../../local/aws/kafka/clusters.ts";
import { createKafkaProvider } from "../../../../local/aws/kafka/provider.ts";
import { installEngines } from "../../../../local/engines/install-engines.ts";
import { type RunningEngines, startEngines } from "../../../../local/engines/start-engines.ts";

// A project's own testTimeout does not reach its hooks; engines may be fetched and start on a busy machine.
jest.setTimeout(300_000);

let engines: RunningEngines<"kafka">;
let stateDir: string;
beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-kafka-"));
  engines = await startEngines(await installEngines({ parts: ["kafka"] }), { stateDir, only: ["kafka"] });
});
afterAll(async () => {
  await engines?.stop();
  await rm(stateDir, { recursive: true, force: true });
});

test("the template's topic is in Kafka with its partitions and settings, and grows", async () => {
  const { brokers } = engines.kafka;
  const logger = createLogger({ write: () => {} });
  const provider = createKafkaProvider({
    clusters: createKafkaClusters(),
    brokers,
    connect: connectTopicAdmin,
    logger,
  });
  const properties = { ClusterName: "wikilake-local", KafkaVersion: "3.9.x.kraft", NumberOfBrokerNodes: 3 };
  const { ref: ClusterArn } = await provider.create({ logicalId: "C", type: "AWS::MSK::Cluster", properties });
  const topic = (PartitionCount: number, configs: string) =>
    provider.create({
      logicalId: "T",
      type: "AWS::MSK::Topic",
      properties: {
        ClusterArn,
        TopicName: "raw-events",
        PartitionCount,
        ReplicationFactor: 3,
        Configs: Buffer.from(configs).toString("base64"),
      },
    });
  await topic(3, "message.timestamp.type=LogAppendTime\nretention.ms=604800000");
  await topic(5, "message.timestamp.type=LogAppendTime\nretention.ms=1209600000");
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: ["raw-events"] });
    expect(topics[0]?.partitions).toHaveLength(5);
    const resources = [
      { type: ConfigResourceTypes.TOPIC, name: "raw-events", configNames: ["retention.ms", "message.timestamp.type"] },
    ];
    const described = await admin.describeConfigs({ resources, includeSynonyms: false });
    const values = Object.fromEntries(
      described.resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]) ?? [],
    );
    expect(values).toEqual({ "retention.ms": "1209600000", "message.timestamp.type": "LogAppendTime" });
  } finally {
    await admin.disconnect();
  }
});
