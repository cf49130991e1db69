import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Kafka, logLevel } from "kafkajs";
import { kafkaConsumers } from "../../../../local/aws/event-source-mapping/kafkajs-consumer.ts";
import { readMappingConfig } from "../../../../local/aws/event-source-mapping/mapping-config.ts";
import {
  createMappings,
  type KafkaMappingView,
  type Mappings,
} from "../../../../local/aws/event-source-mapping/mappings.ts";
import { readFunctionConfig } from "../../../../local/aws/lambda/function-config.ts";
import { createLambdaRuntime, type LambdaRuntime } from "../../../../local/aws/lambda/runtime.ts";
import type { Delivery } from "../../../../local/aws/unit.ts";
import { createClock } from "../../../../local/aws/unit.ts";
import { startTestEngines, type TestEngines } from "../../../support/engines.ts";
import { writeFixtureZip } from "../../../support/fixture-zip.ts";

/** Acknowledges by one line per delivery, `partition:offset,…`, written before it answers. */
const handlerSource = `
import { appendFileSync, mkdirSync } from "node:fs";
// Over all children: the first to see a record fails it.
const isFirst = (id) => { try { mkdirSync(process.env.OUT + "-" + id); return true; } catch { return false; } };
export const handler = async (event) => {
  const records = Object.values(event.records).flat();
  const failures = [];
  for (const record of records) {
    const value = Buffer.from(record.value, "base64").toString();
    const id = record.partition + ":" + record.offset;
    if (value.startsWith("poison")) throw new Error("poison at " + id);
    if (value.startsWith("once") && isFirst(id)) failures.push(record);
  }
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.SLEEP_MS)));
  const lowest = {};
  for (const { partition, offset } of failures) lowest[partition] = Math.min(offset, lowest[partition] ?? offset);
  const done = records.filter(({ partition, offset }) => offset < (lowest[partition] ?? Infinity));
  appendFileSync(process.env.OUT, done.map(({ partition, offset }) => partition + ":" + offset).join(",") + "\\n");
  return { batchItemFailures: failures.map(({ topic, partition, offset }) =>
    ({ itemIdentifier: { partition: topic + "-" + partition, offset } })) };
};`;

const clusterArn = "arn:aws:kafka:eu-west-1:000000000000:cluster/wikilake-test/1";
let started: TestEngines<"kafka">;
let kafka: Kafka;
let bench: Bench | undefined;
let serial = 0;
jest.setTimeout(180_000);

type Bench = {
  readonly stateDir: string;
  readonly topic: string;
  readonly lambda: LambdaRuntime;
  mappings: Mappings;
  readonly delivered: Delivery[];
  readonly view: () => KafkaMappingView;
  /** Acknowledged `partition:offset`, in order, repeats included. */
  readonly acknowledged: () => string[];
  readonly create: () => Promise<void>;
};

beforeAll(async () => {
  started = await startTestEngines({ only: ["kafka"] });
  kafka = new Kafka({ brokers: [...started.engines.kafka.brokers], logLevel: logLevel.NOTHING });
});
afterAll(async () => started.close());
afterEach(async () => {
  await bench?.mappings.stop(2000);
  await bench?.lambda.stop();
  if (process.env["KEEP"] === undefined && bench !== undefined)
    rmSync(bench.stateDir, { recursive: true, force: true });
  bench = undefined;
});

async function prepare(properties: Record<string, unknown> = {}, partitions = 12, sleepMs = 20): Promise<Bench> {
  serial += 1;
  const topic = `mapping-test-${serial}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions }] });
  await admin.disconnect();
  const stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-mapping-"));
  const out = path.join(stateDir, "acknowledged");
  const principal = { arn: "arn:aws:iam::000000000000:role/writer", roleId: "Writer" };
  const lambda = createLambdaRuntime({
    stateDir,
    assumeRole: async () => principal,
    environmentFor: () => ({}),
    onLogLine: () => {},
  });
  const config = readFunctionConfig({
    logicalId: "Writer",
    type: "AWS::Lambda::Function",
    properties: {
      FunctionName: "writer",
      Handler: "index.handler",
      Runtime: "nodejs24.x",
      Role: principal.arn,
      MemorySize: 512,
      Timeout: 30,
      Code: {},
      Environment: { Variables: { OUT: out, SLEEP_MS: String(sleepMs) } },
    },
  });
  await lambda.deploy(config, writeFixtureZip(path.join(stateDir, "f.zip"), { "index.mjs": handlerSource }));
  const delivered: Delivery[] = [];
  const make = (): Mappings =>
    createMappings({
      stateDir,
      lambda,
      authorizer: { check: async () => {} },
      createConsumer: kafkaConsumers(() => started.engines.kafka.brokers),
      bootstrapServers: () => started.engines.kafka.brokers.join(","),
      queue: { receive: async () => [], delete: async () => {} },
      deliver: async (_, delivery) => void delivered.push(delivery),
      clock: createClock(),
      onMetrics: () => {},
      backOffMs: () => 50,
    });
  const resource = {
    logicalId: "WriterMapping",
    type: "AWS::Lambda::EventSourceMapping",
    properties: {
      FunctionName: "writer",
      EventSourceArn: clusterArn,
      Topics: [topic],
      StartingPosition: "TRIM_HORIZON",
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 1,
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `group-${serial}` },
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 3 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ...properties,
    },
  };
  const prepared: Bench = {
    stateDir,
    topic,
    lambda,
    delivered,
    mappings: make(),
    view: () => {
      const [view] = prepared.mappings.kafka();
      if (view === undefined) throw new Error("no mapping");
      return view;
    },
    acknowledged: () =>
      existsSync(out)
        ? readFileSync(out, "utf8")
            .split(/[\n,]/)
            .filter((id) => id !== "")
        : [],
    create: async () => {
      prepared.mappings = make();
      await prepared.mappings.create(readMappingConfig(resource));
    },
  };
  bench = prepared;
  return prepared;
}

/** Values go round the partitions; returns what was written, as `partition:offset`. */
async function produce(topic: string, values: readonly string[], partitions = 12): Promise<string[]> {
  const producer = kafka.producer();
  await producer.connect();
  const written: string[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const own = values.filter((_, index) => index % partitions === partition);
    for (let from = 0; from < own.length; from += 500) {
      const messages = own.slice(from, from + 500).map((value) => ({
        partition,
        key: "enwiki:page",
        value,
        headers: { event_id: "0b2c9a52-5a0b-4a4e-8a55-3a3c5b1e2a11", wiki: "enwiki", ingested_at: "1700000000000" },
      }));
      const [sent] = await producer.send({ topic, messages });
      const base = Number(sent?.baseOffset);
      written.push(...messages.map((_, index) => `${partition}:${base + index}`));
    }
  }
  await producer.disconnect();
  return written;
}

const events = (count: number, bytes = 1300): string[] =>
  Array.from({ length: count }, () => `{"x":"${"e".repeat(bytes)}"}`);

async function caughtUp(): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const lags = await bench
      ?.view()
      .lag()
      .catch(() => undefined);
    if (lags?.every(({ lag }) => lag === 0) === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the mapping did not catch up");
}

function expectInOrder(acknowledged: readonly string[], written: readonly string[]): void {
  expect(new Set(acknowledged)).toEqual(new Set(written));
  const seen = new Map<string, number>();
  for (const id of new Set(acknowledged)) {
    const [partition = "", offset] = id.split(":");
    expect(Number(offset)).toBe((seen.get(partition) ?? -1) + 1);
    seen.set(partition, Number(offset));
  }
}

describe("a mapping on a real broker", () => {
  test("delivers a backlog once, in order, over more pollers as the lag asks", async () => {
    const { topic, create, acknowledged, view } = await prepare();
    const written = await produce(topic, events(24_000));
    const startedAt = performance.now();
    await create();
    await caughtUp();
    const seconds = (performance.now() - startedAt) / 1000;
    process.stdout.write(`24,000 events of 1.3 KB delivered in ${seconds.toFixed(1)} s, ${view().pollers} pollers\n`);
    expect(acknowledged()).toHaveLength(24_000);
    expectInOrder(acknowledged(), written);
  });

  test("goes on after a broker restart without a hole", async () => {
    const { topic, create, acknowledged } = await prepare({ BatchSize: 500 }, 12, 200);
    const written = await produce(topic, events(8000, 300));
    await create();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await started.engines.restart("kafka");
    await caughtUp();
    expectInOrder(acknowledged(), written);
  });

  test("shares its partitions with another member and loses nothing when that one leaves", async () => {
    const { topic, create, acknowledged, view } = await prepare({ BatchSize: 200 }, 12, 200);
    const written = await produce(topic, events(6000, 300));
    await create();
    const other = kafka.consumer({ groupId: view().groupId, sessionTimeout: 10_000, heartbeatInterval: 1000 });
    await other.connect();
    await other.subscribe({ topic });
    // It takes partitions over and acknowledges nothing.
    await other.run({ autoCommit: false, eachBatch: async () => {} });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await other.disconnect();
    await caughtUp();
    expectInOrder(acknowledged(), written);
  });

  test("keeps to partial replies, kills, repeats and other boundaries without skipping a record", async () => {
    const { topic, create, acknowledged, view, delivered } = await prepare({
      BatchSize: 400,
      MaximumRetryAttempts: 20,
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::wikilake-test-failures" } },
    });
    const values = events(6000, 200).map((value, index) => (index % 97 === 0 ? `once${value}` : value));
    values[3001] = "poison";
    const written = await produce(topic, values);
    await create();
    view().faults().killHandler(5);
    await new Promise((resolve) => setTimeout(resolve, 700));
    view().faults().deliverTwice();
    await new Promise((resolve) => setTimeout(resolve, 300));
    view().faults().deliverConcurrently();
    view().faults().limitBatch(37);
    await view().faults().rebalance();
    await caughtUp();
    const poison = written[written.indexOf(`${3001 % 12}:${Math.floor(3001 / 12)}`)];
    const records = delivered.flatMap(({ body }) =>
      Object.values<{ partition: number; offset: number }[]>(JSON.parse(JSON.parse(body).payload).records).flat(),
    );
    const givenUp = records.map(({ partition, offset }) => `${partition}:${offset}`);
    expect(new Set([...acknowledged(), ...givenUp])).toEqual(new Set(written));
    expect(new Set(givenUp)).toEqual(new Set([poison]));
    expect(acknowledged()).not.toContain(poison);
  });

  test("that is disabled stays so over a restart, and takes up where it was when enabled", async () => {
    const first = await prepare({ BatchSize: 100 });
    const before = await produce(first.topic, events(500, 100));
    await first.create();
    await caughtUp();
    await first.mappings.setEnabled(first.view().uuid, false);
    const after = await produce(first.topic, events(500, 100));
    await first.mappings.stop(1000);
    await first.create();
    expect(first.mappings.describe(first.view().uuid)).toMatchObject({ State: "Disabled" });
    expect((await first.view().lag()).reduce((sum, { lag }) => sum + lag, 0)).toBe(500);
    await first.mappings.setEnabled(first.view().uuid, true);
    await caughtUp();
    expect(first.acknowledged()).toHaveLength(1000);
    expectInOrder(first.acknowledged(), [...before, ...after]);
  });
});
