import { randomUUID } from "node:crypto";
import { KafkaClient } from "@aws-sdk/client-kafka";
import { S3Client } from "@aws-sdk/client-s3";
import kafkajs, { type Kafka } from "kafkajs";
import { createCursor } from "../../lib/core/cursor.ts";
import type { Positions } from "../../lib/core/source-position.ts";
import { createKafka, findBrokers } from "../../lib/kafka/connection.ts";
import { createTailReader } from "../../lib/kafka/kafka-tail.ts";
import { connectWriter } from "../../lib/kafka/kafka-writer.ts";
import type { RecordWriter } from "../../lib/kafka/ports.ts";
import { stampLast } from "../../lib/kafka/record-set.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createMetrics } from "../../lib/platform/metrics.ts";
import { readConfig } from "../../shim/config.ts";
import { createCursorStore } from "../../shim/cursor-store.ts";
import { type DeliveryRules, deliveryRules } from "../../shim/delivery-rules.ts";
import { runShim } from "../../shim/run-shim.ts";

/*
 * The shim without one of its defences, named in WITHOUT: what is lost then shows what the defence is for.
 */

/** The cursor says how far the source was read, not how far it is stored, and is believed to the millisecond. */
const eager: DeliveryRules = {
  ...deliveryRules,
  createCursor: (initial) => {
    const cursor = createCursor(initial);
    const newest = new Map(initial);
    const see = (at: Positions): void => {
      for (const [topic, ms] of at) newest.set(topic, Math.max(ms, newest.get(topic) ?? 0));
    };
    return {
      ...cursor,
      arrive: (at) => {
        see(at);
        return cursor.arrive(at);
      },
      marks: () => new Map(newest),
    };
  },
  askFrom: (marks, floors, topics) => ({
    at: new Map(topics.map((topic) => [topic, Math.max(marks.get(topic) ?? 0, floors.get(topic) ?? 0)])),
    fresh: new Set(),
  }),
};

/** Takes a record for stored when only so many have it: 0 nobody, 1 the leader alone. */
async function writerWithAcks(kafka: Kafka, acks: 0 | 1): Promise<RecordWriter> {
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner;
  const producer = kafka.producer({ idempotent: false, allowAutoTopicCreation: false, createPartitioner });
  await producer.connect();
  return {
    send: async (topic, partition, batch) => {
      const messages = stampLast(batch).map(({ key, value, headers }) => ({ key, value, headers, partition }));
      await producer.send({ topic, messages, acks });
      return { kind: "acked" };
    },
  };
}

const without = process.env["WITHOUT"];
const config = readConfig(process.env);
const log = createLogger({ base: { component: "shim" } });
const shimEpoch = randomUUID();
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
const brokers = await findBrokers(new KafkaClient({ region: config.AWS_REGION }), config.CLUSTER_ARN);
const kafka = createKafka(brokers, { clientId: "shim-without", region: config.AWS_REGION, log });
const proper = await connectWriter(kafka);
const writers: Readonly<Record<string, () => Promise<RecordWriter>>> = {
  "leader-writes": () => writerWithAcks(kafka, 0),
  "all-replicas": () => writerWithAcks(kafka, 1),
};
const s3 = new S3Client({ region: config.AWS_REGION, forcePathStyle: true });
await runShim(
  config,
  {
    fetch: globalThis.fetch,
    clock: systemClock,
    random: Math.random,
    newId: randomUUID,
    shimEpoch,
    log,
    metrics: createMetrics({ dimensions: { Stage: config.STAGE, Component: "shim" } }),
    writer: (await writers[without ?? ""]?.()) ?? proper,
    partitions: await proper.partitionCounts([config.RAW_TOPIC, config.DLQ_TOPIC, config.OPS_TOPIC]),
    tails: createTailReader(kafka, `without-${shimEpoch}`, systemClock),
    store: createCursorStore(s3, config.STAGE_BUCKET, shimEpoch, systemClock),
    healthy: () => undefined,
    rules: without === "low-water-mark" ? eager : deliveryRules,
  },
  stop.signal,
);
process.exit(0);
