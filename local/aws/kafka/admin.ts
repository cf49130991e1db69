import { Kafka, logLevel } from "kafkajs";

/** A topic as it is. */
export type TopicState = { readonly partitions: number };
/** A topic as it is to be made. */
export type NewTopic = {
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  readonly configs: Readonly<Record<string, string>>;
};

/** What the topic provider needs of a cluster. */
export type TopicAdmin = {
  /** Undefined when there is no such topic. */
  describe(topic: string): Promise<TopicState | undefined>;
  create(topic: NewTopic): Promise<void>;
  grow(topic: string, partitions: number): Promise<void>;
  configure(topic: string, configs: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
};

/** Kafka's number for a topic in AlterConfigs. */
const topicResource = 2;

/** Connects to a cluster. */
export async function connectTopicAdmin(brokers: readonly string[]): Promise<TopicAdmin> {
  const kafka = new Kafka({ clientId: "wikilake-local", brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  return {
    describe: async (topic) => {
      if (!(await admin.listTopics()).includes(topic)) return undefined;
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return { partitions: topics[0]?.partitions.length ?? 0 };
    },
    create: async ({ name, partitions, replication, configs }) => {
      const configEntries = entries(configs);
      const topic = { topic: name, numPartitions: partitions, replicationFactor: replication, configEntries };
      await admin.createTopics({ topics: [topic], waitForLeaders: true });
    },
    grow: async (topic, count) => {
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    },
    configure: async (name, configs) => {
      const resources = [{ type: topicResource, name, configEntries: entries(configs) }];
      await admin.alterConfigs({ validateOnly: false, resources });
    },
    close: () => admin.disconnect(),
  };
}

const entries = (configs: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(configs).map(([name, value]) => ({ name, value }));
