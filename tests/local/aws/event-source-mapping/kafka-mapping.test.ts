import { describe, expect, test } from "@jest/globals";
import type { MetricDatum } from "../../../../local/aws/event-source-mapping/counters.ts";
import type { InvokeOutcome } from "../../../../local/aws/event-source-mapping/deliver-batch.ts";
import type { FailedBatch } from "../../../../local/aws/event-source-mapping/failure-record.ts";
import { createKafkaMapping, type KafkaMapping } from "../../../../local/aws/event-source-mapping/kafka-mapping.ts";
import { type Batch, eventOf } from "../../../../local/aws/event-source-mapping/kafka-record.ts";
import {
  type KafkaMappingConfig,
  readMappingConfig,
} from "../../../../local/aws/event-source-mapping/mapping-config.ts";
import { createFakeTopic, type FakeTopic } from "../../../support/fake-topic.ts";
import { kafkaMappingConfig } from "../../../support/kafka-mapping-config.ts";
import { createManualClock, type ManualClock, settle } from "../../../support/manual-clock.ts";

const kafkaConfig = (properties: Record<string, unknown> = {}): KafkaMappingConfig =>
  kafkaMappingConfig({
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 5,
    ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 3 },
    ...properties,
  });

type Call = { readonly batch: Batch; readonly answer: (outcome: InvokeOutcome) => void };
type Bench = {
  readonly topic: FakeTopic;
  readonly clock: ManualClock;
  readonly mapping: KafkaMapping;
  /** Invocations that wait for an answer, oldest first. */
  readonly open: Call[];
  readonly failures: FailedBatch[];
  readonly metrics: MetricDatum[];
  readonly logged: string[];
};

const ok: InvokeOutcome = { kind: "answered", payload: "null", requestId: "r" };
const failed: InvokeOutcome = { kind: "function-error", payload: "{}", requestId: "r" };

async function bench(
  config: KafkaMappingConfig,
  partitions = 3,
  store?: () => Promise<void>,
  now?: () => number,
): Promise<Bench> {
  const topic = createFakeTopic(partitions);
  const clock = createManualClock();
  const open: Call[] = [];
  const failures: FailedBatch[] = [];
  const metrics: MetricDatum[] = [];
  const logged: string[] = [];
  const mapping = createKafkaMapping({
    config,
    consumer: topic.consumer,
    clock: now === undefined ? clock : { ...clock, now },
    invoke: (batch) =>
      new Promise((resolve) => {
        const call: Call = {
          batch,
          answer: (outcome) => {
            open.splice(open.indexOf(call), 1);
            resolve(outcome);
          },
        };
        open.push(call);
      }),
    storeFailure: async (batch) => {
      await store?.();
      failures.push(batch);
    },
    onMetrics: (data) => metrics.push(...data),
    log: (code) => logged.push(code),
    backOffMs: () => 100,
  });
  await mapping.start();
  return { topic, clock, mapping, open, failures, metrics, logged };
}

const shape = (batch: Batch | undefined): string[] =>
  (batch ?? []).map(({ partition, offset }) => `${partition}:${offset}`);

describe("a poller", () => {
  test("fills one batch over its partitions and sends it when the size is reached", async () => {
    const { topic, open } = await bench(kafkaConfig({ BatchSize: 5 }));
    topic.produce(0, 2);
    topic.produce(1, 2);
    topic.fetch();
    expect(open).toHaveLength(0);
    topic.produce(2, 2);
    topic.fetch();
    await settle();
    expect(shape(open[0]?.batch)).toEqual(["0:0", "0:1", "1:0", "1:1", "2:0"]);
  });

  test("sends what it has when the window is over", async () => {
    const { topic, clock, open } = await bench(kafkaConfig());
    topic.produce(1, 1);
    topic.fetch();
    await clock.advance(4999);
    expect(open).toHaveLength(0);
    await clock.advance(1);
    expect(shape(open[0]?.batch)).toEqual(["1:0"]);
  });

  test("sends it also when the timer fires before the clock says that the window is over", async () => {
    // Timers and Date.now() are different clocks: 60,000 ms of the one were 59,999 of the other, and two records
    // waited for a third for nine minutes.
    const { topic, clock, open } = await bench(kafkaConfig(), 3, undefined, () => 0);
    topic.produce(1, 1);
    topic.fetch();
    await clock.advance(5000);
    expect(shape(open[0]?.batch)).toEqual(["1:0"]);
  });

  test("closes a batch before its event would exceed an invocation's limit", async () => {
    const { topic, open } = await bench(kafkaConfig({ BatchSize: 10_000 }), 2);
    topic.produce(0, 60, 100_000);
    topic.fetch();
    await settle();
    const event = eventOf(open[0]?.batch ?? [], { eventSourceArn: "x".repeat(200), bootstrapServers: "b".repeat(500) });
    expect(event.length).toBeLessThanOrEqual(6_291_556);
    expect(event.length).toBeGreaterThan(6_000_000);
    expect(topic.paused).toEqual(new Set());
    topic.fetch();
    expect(open).toHaveLength(1);
  });

  test("has one batch in flight of a partition, and up to five of different ones", async () => {
    const { topic, clock, open } = await bench(kafkaConfig({ BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }), 7);
    for (let partition = 0; partition < 7; partition += 1) topic.produce(partition, 4);
    topic.fetch();
    await settle();
    expect(open.map(({ batch }) => shape(batch)[0])).toEqual(["0:0", "1:0", "2:0", "3:0", "4:0"]);
    open[1]?.answer(ok);
    await clock.advance(0);
    expect(open.map(({ batch }) => shape(batch)[0])).toEqual(["0:0", "2:0", "3:0", "4:0", "1:2"]);
    expect(topic.committed(1)).toBe(2);
    open[0]?.answer(ok);
    open[0]?.answer(ok);
    await settle();
    expect(open.map(({ batch }) => shape(batch)[0])).toEqual(["3:0", "4:0", "1:2", "0:2", "2:2"]);
  });

  test("of an on-demand mapping has one batch in flight", async () => {
    const { ProvisionedPollerConfig: _, ...onDemand } = kafkaConfig().properties as Record<string, unknown>;
    const config = readMappingConfig({ logicalId: "M", type: "", properties: { ...onDemand, BatchSize: 1 } });
    if (config.kind !== "kafka") throw new Error("not a Kafka mapping");
    const { topic, open, clock } = await bench(config);
    for (const partition of [0, 1, 2]) topic.produce(partition, 1);
    topic.fetch();
    await clock.advance(0);
    expect(open).toHaveLength(1);
  });
});

describe("offsets", () => {
  test("are committed only after the function has acknowledged", async () => {
    const { topic, clock, open } = await bench(kafkaConfig({ BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }), 1);
    topic.produce(0, 2);
    topic.fetch();
    await settle();
    open[0]?.answer(failed);
    await clock.advance(99);
    expect(topic.commits).toEqual([]);
    await clock.advance(1);
    open[0]?.answer(ok);
    await settle();
    expect(topic.commits).toEqual([{ partition: 0, next: 2 }]);
  });

  test("move up to the lowest failed record of each partition while the rest is tried again", async () => {
    const config = kafkaConfig({ BatchSize: 4, FunctionResponseTypes: ["ReportBatchItemFailures"] });
    const { topic, open } = await bench(config, 2);
    topic.produce(0, 2);
    topic.produce(1, 2);
    topic.fetch();
    await settle();
    const payload = JSON.stringify({ batchItemFailures: [{ itemIdentifier: { partition: "t-1", offset: 1 } }] });
    open[0]?.answer({ kind: "answered", payload, requestId: "r" });
    await settle();
    expect(topic.commits).toEqual([
      { partition: 0, next: 2 },
      { partition: 1, next: 1 },
    ]);
  });

  test("that could not be committed are not delivered again by this member, and are committed with the next batch", async () => {
    const { topic, open } = await bench(kafkaConfig({ BatchSize: 1, MaximumBatchingWindowInSeconds: 0 }), 1);
    topic.produce(0, 2);
    topic.failCommits(true);
    topic.fetch(1);
    await settle();
    open[0]?.answer(ok);
    await settle();
    topic.join([0]);
    topic.failCommits(false);
    topic.fetch(1);
    await settle();
    expect(shape(open[0]?.batch)).toEqual(["0:1"]);
    open[0]?.answer(ok);
    await settle();
    expect(topic.committed(0)).toBe(2);
  });
});

describe("a rebalance while a batch is in flight", () => {
  test("leaves a partition that stays alone until its batch is settled, then goes on after it", async () => {
    const { topic, clock, open } = await bench(kafkaConfig({ BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }), 1);
    topic.produce(0, 4);
    topic.fetch(3);
    await settle();
    topic.join([0]);
    topic.fetch();
    await clock.advance(0);
    expect(open.map(({ batch }) => shape(batch))).toEqual([["0:0", "0:1"]]);
    open[0]?.answer(ok);
    await settle();
    topic.fetch();
    await settle();
    expect(open.map(({ batch }) => shape(batch))).toEqual([["0:2", "0:3"]]);
  });

  test("makes the late commit of a lost partition harmless", async () => {
    const { topic, open } = await bench(kafkaConfig({ BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }), 2);
    topic.produce(0, 2);
    topic.fetch();
    await settle();
    topic.join([1]);
    open[0]?.answer(ok);
    await settle();
    expect(topic.commits).toEqual([]);
  });

  test("asked for as a fault delivers what is in flight a second time", async () => {
    const { topic, mapping, open } = await bench(kafkaConfig({ BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }), 1);
    topic.produce(0, 3);
    topic.fetch();
    await settle();
    await mapping.faults.rebalance();
    topic.fetch();
    await settle();
    expect(open.map(({ batch }) => shape(batch))).toEqual([
      ["0:0", "0:1"],
      ["0:0", "0:1"],
    ]);
  });
});

describe("faults", () => {
  test("deliver a batch twice, at the same time, or with other boundaries", async () => {
    const { topic, mapping, open } = await bench(kafkaConfig({ BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }), 1);
    mapping.faults.deliverTwice();
    topic.produce(0, 6);
    topic.fetch();
    await settle();
    open[0]?.answer(ok);
    await settle();
    expect(open.map(({ batch }) => shape(batch))).toEqual([["0:0", "0:1"]]);
    expect(topic.commits).toEqual([]);
    mapping.faults.deliverConcurrently();
    mapping.faults.limitBatch(1);
    open[0]?.answer(ok);
    await settle();
    expect(open.map(({ batch }) => shape(batch))).toEqual([["0:2"], ["0:2"]]);
  });
});

describe("a given-up batch", () => {
  const controls = { BatchSize: 1, MaximumBatchingWindowInSeconds: 0, MaximumRetryAttempts: 0 };

  test("is stored at the failure destination before its offsets are committed", async () => {
    const config = kafkaConfig({ ...controls, DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::f" } } });
    let isDown = true;
    const { topic, clock, open, failures } = await bench(config, 1, async () => {
      if (isDown) throw new Error("503");
    });
    topic.produce(0, 1);
    topic.fetch();
    await settle();
    open[0]?.answer(failed);
    await settle();
    expect(topic.commits).toEqual([]);
    isDown = false;
    await clock.advance(1000);
    expect(failures).toMatchObject([{ condition: "RetriesExhausted" }]);
    expect(topic.committed(0)).toBe(1);
  });

  test("is counted as dropped when there is no destination", async () => {
    const { topic, mapping, open } = await bench(kafkaConfig(controls), 1);
    topic.produce(0, 1);
    topic.fetch();
    await settle();
    open[0]?.answer(failed);
    await settle();
    expect(mapping.counters.total("DroppedEventCount")).toBe(1);
    expect(topic.committed(0)).toBe(1);
  });
});

describe("a mapping", () => {
  test("pauses a partition whose records pile up and resumes it when they are taken", async () => {
    const { topic, open } = await bench(kafkaConfig({ BatchSize: 50, MaximumBatchingWindowInSeconds: 0 }), 1);
    topic.produce(0, 400, 100_000);
    for (let fetches = 0; fetches < 4; fetches += 1) topic.fetch(80);
    await settle();
    expect(topic.paused).toEqual(new Set([0]));
    for (let batches = 0; batches < 8; batches += 1) {
      open[0]?.answer(ok);
      await settle();
      topic.fetch(80);
    }
    expect(topic.committed(0)).toBeGreaterThan(200);
  });

  test("gets more pollers with its lag, never more than its maximum, and fewer only after a while", async () => {
    const { topic, clock, mapping, open } = await bench(kafkaConfig({ BatchSize: 10_000 }), 8);
    for (let partition = 0; partition < 8; partition += 1) topic.produce(partition, 5000);
    await clock.advance(1000);
    expect(mapping.pollers()).toBe(3);
    topic.fetch(5000);
    for (let seconds = 0; seconds < 30; seconds += 1) {
      for (const call of [...open]) call.answer(ok);
      await clock.advance(1000);
    }
    expect(mapping.pollers()).toBe(3);
    await clock.advance(70_000);
    expect(mapping.pollers()).toBe(1);
  });

  test("tells its counts each minute, zeros included, and errors only when there were any", async () => {
    const config = kafkaConfig({ MetricsConfig: { Metrics: ["EventCount", "ErrorCount", "KafkaMetrics"] } });
    const { topic, clock, open, metrics } = await bench(config, 1);
    topic.produce(0, 12);
    topic.fetch();
    await settle();
    open[0]?.answer(ok);
    await clock.advance(60_000);
    const byName = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    expect(byName).toMatchObject({
      PolledEventCount: 12,
      InvokedEventCount: 10,
      CommittedEventCount: 10,
      MaxOffsetLag: 2,
    });
    expect(byName).toMatchObject({ DroppedEventCount: 0, OffsetLag: 2, ProvisionedPollers: 1 });
    expect("InvokeErrorCount" in byName).toBe(false);
    expect(metrics.find(({ name }) => name === "OffsetLag")?.dimensions).toEqual({ FunctionName: "writer" });
  });

  test("that stops abandons what it cannot finish and commits none of it", async () => {
    const { topic, mapping, open } = await bench(kafkaConfig({ BatchSize: 2, MaximumBatchingWindowInSeconds: 0 }), 2);
    topic.produce(0, 2);
    topic.produce(1, 2);
    topic.fetch();
    await settle();
    const stopping = mapping.stop(50);
    open[0]?.answer(ok);
    await stopping;
    open[0]?.answer(ok);
    await settle();
    expect(topic.commits).toEqual([{ partition: 0, next: 2 }]);
  });
});
