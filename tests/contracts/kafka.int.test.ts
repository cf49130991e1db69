import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, jest } from "@jest/globals";
import { createKafka } from "../../lib/kafka/connection.ts";
import { createTailReader } from "../../lib/kafka/kafka-tail.ts";
import { connectWriter, type KafkaWriter } from "../../lib/kafka/kafka-writer.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import type { InvokeOutcome } from "../../local/aws/event-source-mapping/deliver-batch.ts";
import { createKafkaMapping } from "../../local/aws/event-source-mapping/kafka-mapping.ts";
import { type Batch, eventOf } from "../../local/aws/event-source-mapping/kafka-record.ts";
import { kafkaConsumers } from "../../local/aws/event-source-mapping/kafkajs-consumer.ts";
import type { KafkaMappingConfig } from "../../local/aws/event-source-mapping/mapping-config.ts";
import { createClock } from "../../local/aws/unit.ts";
import { createTopics, readTopic } from "../shim/read-topic.ts";
import { startTestEngines, type TestEngines } from "../support/engines.ts";
import { kafkaMappingConfig } from "../support/kafka-mapping-config.ts";
import { kafkaContract } from "./kafka.ts";
import { type Handler, mappingContract } from "./mapping.ts";

/* What the fakes of the simulation keep, kept by a real broker behind our own adapters. */

jest.setTimeout(300_000);

let started: TestEngines<"kafka">;
let writer: KafkaWriter;
let serial = 0;
const stops: (() => Promise<void>)[] = [];
const log = createLogger({ write: () => undefined });
const connect = () =>
  createKafka(
    { addresses: started.engines.kafka.brokers, security: "plaintext" },
    { clientId: "contract", region: "x", log },
  );

beforeAll(async () => {
  started = await startTestEngines({ only: ["kafka"] });
  writer = await connectWriter(connect());
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await writer?.close();
  await started?.close();
});

async function topics() {
  serial += 1;
  const names = { many: `many-${serial}`, one: `one-${serial}` };
  await createTopics(started.engines.kafka.brokers, { [names.many]: 3, [names.one]: 1 });
  return names;
}

kafkaContract("the broker", async () => {
  const names = await topics();
  const tails = createTailReader(connect(), `tails-${randomUUID()}`, systemClock);
  // Above what the topic takes, compressed as well.
  const tooLarge = Buffer.concat(Array.from({ length: 400_000 }, () => Buffer.from(randomUUID())));
  return { writer, tails, ...names, tooLarge, read: () => readTopic(started.engines.kafka.brokers, names.one) };
});

mappingContract("the local mapping", async () => {
  const { many } = await topics();
  const consumer = kafkaConsumers(() => started.engines.kafka.brokers)({
    topic: many,
    groupId: `group-${many}`,
    startingPosition: { kind: "earliest" },
  });
  return {
    topic: many,
    produce: async (partition, values) => {
      const headers = { source_kind: "replay" };
      const records = values.map((value) => ({ key: Buffer.from("k"), value: Buffer.from(value), headers }));
      await writer.send(many, partition, { records, stamp: {} });
    },
    start: (handler) => {
      const mapping = createKafkaMapping({
        config: configOf(many),
        consumer,
        clock: createClock(),
        invoke: async (batch) => answerOf(handler, batch),
        storeFailure: async () => undefined,
        onMetrics: () => undefined,
        log: () => undefined,
        backOffMs: () => 50,
      });
      stops.push(() => mapping.stop(1_000));
      void mapping.start();
    },
    drained: async () => {
      for (;;) {
        const lags = await consumer.lag().catch(() => []);
        if (lags.length === 3 && lags.every(({ lag }) => lag === 0)) return;
        await systemClock.sleep(100);
      }
    },
  };
});

function answerOf(handler: Handler, batch: Batch): InvokeOutcome {
  const event: unknown = JSON.parse(eventOf(batch, { eventSourceArn: "arn", bootstrapServers: "b" }));
  try {
    return { kind: "answered", payload: JSON.stringify(handler(event)), requestId: "r" };
  } catch {
    return { kind: "function-error", payload: "{}", requestId: "r" };
  }
}

const configOf = (topic: string): KafkaMappingConfig =>
  kafkaMappingConfig({
    Topics: [topic],
    BatchSize: 6,
    MaximumBatchingWindowInSeconds: 1,
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2 },
    MaximumRetryAttempts: 10_000,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
  });
