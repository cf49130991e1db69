import kafkajs, { type Kafka, type Producer } from "kafkajs";
import { KafkaError } from "./errors.ts";
import { installPackedBatches, sendPacked } from "./packed-batches.ts";
import type { OutBatch, RecordWriter } from "./ports.ts";

// A CommonJS module: not all of its names can be imported one by one.
const { CompressionTypes, KafkaJSProtocolError } = kafkajs;

const tooLarge: ReadonlySet<string> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

export type KafkaWriter = RecordWriter & {
  /** Partitions of each topic. Throws KAFKA_TOPIC_MISSING. */
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
};

/**
 * The producer. Not idempotent: kafkajs rolls its sequence numbers back after a failed send, and the broker then
 * takes the next batch for a repeat of the lost one (10 of 20 events lost, measured). acks=-1.
 */
export async function connectWriter(kafka: Kafka): Promise<KafkaWriter> {
  installPackedBatches();
  // Each message names its partition; naming a partitioner only keeps the client from warning about a changed default.
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
  const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false, createPartitioner });
  await producer.connect();
  return {
    send: (topic, partition, batch) => send(producer, topic, partition, batch),
    partitionCounts: (topics) => countPartitions(kafka, topics),
    close: () => producer.disconnect(),
  };
}

async function send(producer: Producer, topic: string, partition: number, batch: OutBatch) {
  try {
    await sendPacked(batch, partition, (messages) =>
      producer.send({ topic, messages, acks: -1, compression: CompressionTypes.GZIP }),
    );
    return { kind: "acked" } as const;
  } catch (cause) {
    if (isTooLarge(cause)) return { kind: "too_large" } as const;
    const message = `a batch of ${batch.records.length} for ${topic}/${partition} may or may not be stored`;
    throw new KafkaError("KAFKA_SEND_FAILED", message, { retriable: false, cause });
  }
}

/** kafkajs wraps the broker's answer in its retry error; the answer is the cause then. */
function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof KafkaJSProtocolError && tooLarge.has(error.type)) return true;
  return error.cause !== undefined && error.cause !== error && isTooLarge(error.cause);
}

async function countPartitions(kafka: Kafka, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
    return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
  } catch (cause) {
    const message = `not all topics can be described: ${topics.join(", ")}`;
    throw new KafkaError("KAFKA_TOPIC_MISSING", message, { retriable: true, cause });
  } finally {
    await admin.disconnect();
  }
}
