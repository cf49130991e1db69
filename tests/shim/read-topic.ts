import kafkajs from "kafkajs";

/** Just after its creation a topic's leader is not known everywhere; kafkajs hardly retries when NODE_ENV is `test`. */
const retry = { retries: 10, initialRetryTime: 200, maxRetryTime: 1_000 };

export type ReadRecord = { readonly key: string; readonly value: string; readonly headers: Record<string, string> };

/** Everything that a topic holds. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<ReadRecord[]> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING, retry });
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const open = new Map(
    offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
  );
  const records: ReadRecord[] = [];
  if (open.size === 0) return records;
  const consumer = kafka.consumer({ groupId: `read-${topic}-${Math.random()}` });
  const done = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
      records.push({ key: String(message.key), value: String(message.value), headers: Object.fromEntries(headers) });
      if (BigInt(message.offset) + 1n >= (open.get(partition) ?? 0n)) open.delete(partition);
      if (open.size === 0) done.resolve();
    },
  });
  await done.promise;
  await consumer.disconnect();
  return records;
}

/** Longer than brokers that have just begun need to hear of each other. */
const leadersWithinMs = 30_000;

/** Makes the topics and waits until every partition has a leader and all its replicas. */
export async function createTopics(brokers: readonly string[], partitions: Record<string, number>): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING, retry }).admin();
  await admin.connect();
  try {
    const topics = Object.entries(partitions).map(([topic, numPartitions]) => ({ topic, numPartitions }));
    await admin.createTopics({ waitForLeaders: false, topics });
    const areLed = async (): Promise<boolean> => {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: Object.keys(partitions) });
      const all = found.flatMap((topic) => topic.partitions);
      // The metadata name a leader before it knows of it itself: only its own answer says that it leads.
      for (const topic of Object.keys(partitions)) await admin.fetchTopicOffsets(topic);
      return all.every(({ leader, isr, replicas }) => leader >= 0 && isr.length === replicas.length);
    };
    // A broker that has not heard of a topic yet says that there is none.
    for (const endMs = Date.now() + leadersWithinMs; !(await areLed().catch(() => false)); ) {
      if (Date.now() > endMs) throw new Error(`no leaders for ${Object.keys(partitions).join(", ")}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    await admin.disconnect();
  }
}
