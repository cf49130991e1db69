import { z } from "zod";
import type { Logger } from "../../../lib/platform/logger.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import type { TopicAdmin } from "./admin.ts";
import { clusterArn, type KafkaCluster, type KafkaClusters, topicArn } from "./clusters.ts";
import { parseProperties } from "./properties.ts";

const clusterSchema = z.looseObject({
  ClusterName: z.string(),
  KafkaVersion: z.string(),
  NumberOfBrokerNodes: z.coerce.number().int().positive(),
});
const topicSchema = z.looseObject({
  ClusterArn: z.string(),
  TopicName: z.string(),
  PartitionCount: z.coerce.number().int().positive(),
  ReplicationFactor: z.coerce.number().int().positive(),
  /** Base64 of a properties file. */
  Configs: z.string().optional(),
});

export type KafkaProviderDeps = {
  readonly clusters: KafkaClusters;
  /** `127.0.0.1:port` of the brokers that run here. */
  readonly brokers: readonly string[];
  readonly connect: (brokers: readonly string[]) => Promise<TopicAdmin>;
  readonly logger: Logger;
};

/**
 * Realises the MSK cluster (the local brokers stand for it) and its topics (made in Kafka, grown, configured; never
 * shrunk). Replication is what the local brokers allow, and the log says so.
 */
export function createKafkaProvider(deps: KafkaProviderDeps): ResourceProvider {
  return {
    types: ["AWS::MSK::Cluster", "AWS::MSK::Topic"],
    create: async (resource) =>
      resource.type === "AWS::MSK::Cluster" ? createCluster(resource, deps) : await createTopic(resource, deps),
  };
}

function createCluster({ properties }: ResolvedResource, { clusters, brokers }: KafkaProviderDeps): RealisedResource {
  const { ClusterName, KafkaVersion, NumberOfBrokerNodes } = clusterSchema.parse(properties);
  const arn = clusterArn(ClusterName);
  clusters.put({ arn, name: ClusterName, version: KafkaVersion, nodes: NumberOfBrokerNodes, brokers });
  return { ref: arn, attributes: { Arn: arn, CurrentVersion: "K1" } };
}

type Topic = z.output<typeof topicSchema>;

async function createTopic({ properties }: ResolvedResource, deps: KafkaProviderDeps): Promise<RealisedResource> {
  const topic = topicSchema.parse(properties);
  const cluster = deps.clusters.find(topic.ClusterArn);
  if (!cluster) throw new Error(`Topic ${topic.TopicName}: there is no cluster ${topic.ClusterArn}`);
  const admin = await deps.connect(cluster.brokers);
  try {
    await ensure(topic, cluster, admin, deps.logger);
  } finally {
    await admin.close();
  }
  const arn = topicArn(cluster.arn, topic.TopicName);
  return { ref: arn, attributes: { TopicArn: arn, TopicName: topic.TopicName } };
}

async function ensure(topic: Topic, cluster: KafkaCluster, admin: TopicAdmin, logger: Logger): Promise<void> {
  const { TopicName, PartitionCount, ReplicationFactor, Configs } = topic;
  const replication = Math.min(ReplicationFactor, cluster.brokers.length);
  if (replication < ReplicationFactor) {
    logger.info("topic-replication-capped", { topic: TopicName, wanted: ReplicationFactor, brokers: replication });
  }
  const configs = withoutExcessInsync(
    parseProperties(Configs ? Buffer.from(Configs, "base64").toString("utf8") : ""),
    replication,
  );
  const existing = await admin.describe(TopicName);
  if (!existing) return admin.create({ name: TopicName, partitions: PartitionCount, replication, configs });
  if (existing.partitions > PartitionCount) {
    throw new Error(`Topic ${TopicName} has ${existing.partitions} partitions and cannot be cut to ${PartitionCount}`);
  }
  if (existing.partitions < PartitionCount) await admin.grow(TopicName, PartitionCount);
  await admin.configure(TopicName, configs);
}

// With fewer brokers than in-sync replicas asked for, Kafka would refuse every write.
function withoutExcessInsync(configs: Readonly<Record<string, string>>, replication: number): Record<string, string> {
  const wanted = configs["min.insync.replicas"];
  if (wanted === undefined) return { ...configs };
  return { ...configs, "min.insync.replicas": String(Math.min(Number(wanted), replication)) };
}
