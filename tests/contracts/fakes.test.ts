import { afterEach } from "@jest/globals";
import { createAthenaEngine } from "../../lib/lake/athena-query-engine.ts";
import { createS3ObjectStore } from "../../lib/lake/s3-object-store.ts";
import { createMemoryStore } from "../lib/lake/memory-store.ts";
import { createFakeAthena } from "../simulation/fake-athena.ts";
import { createFakeBroker, maxBatchBytes } from "../simulation/fake-broker.ts";
import { createFakeMapping } from "../simulation/fake-mapping.ts";
import { createFakeS3 } from "../simulation/fake-s3.ts";
import { createPlan } from "../simulation/plan.ts";
import { createProcess, type Ground } from "../simulation/process.ts";
import { createScheduler } from "../simulation/scheduler.ts";
import { createStageReader } from "../simulation/stage-reader.ts";
import type { Outcome } from "../simulation/writer-host.ts";
import { kafkaContract } from "./kafka.ts";
import { mappingContract } from "./mapping.ts";
import { objectStoreContract } from "./object-store.ts";
import { queryEngineContract } from "./query-engine.ts";

/* The fakes of the simulation, with all faults off, keep what the real engines keep. */

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Virtual time that goes by itself, a few ms each time nothing else is to be done. */
function ground(): Ground {
  const scheduler = createScheduler(Date.UTC(2026, 10, 21, 12));
  const stopped = Promise.withResolvers<void>();
  let isRunning = true;
  const tick = async (): Promise<void> => {
    while (isRunning) await scheduler.sleep(5);
  };
  const broken = (error: unknown): void => stopped.reject(error);
  stops.push(() => {
    isRunning = false;
    stopped.resolve();
  });
  void tick();
  void scheduler.run(stopped.promise, Number.POSITIVE_INFINITY);
  const plan = createPlan({ seed: 1, rates: {}, only: undefined, onStrike: () => undefined });
  return { scheduler, plan, trace: () => undefined, broken };
}

function lake() {
  const own = ground();
  const process = createProcess(own, { name: "contract", kill: "lambda.kill" });
  const s3 = createFakeS3(own, () => undefined);
  const athena = createFakeAthena(own, createStageReader(s3, "stage"), () => false);
  const clock = { now: own.scheduler.now, sleep: own.scheduler.sleep };
  const client = athena.client(process);
  return {
    ...clock,
    store: createS3ObjectStore({ client: s3.client(process), bucket: "stage", clock, random: () => 0.5 }),
    engine: createAthenaEngine({ starter: client, reader: client }),
    databases: { bronze: "b", stage: "s" },
    workgroup: "w",
  };
}

function kafka() {
  const own = ground();
  const topics = new Map([
    ["raw-events", 3],
    ["dlq-events", 1],
  ]);
  const broker = createFakeBroker(own, topics, () => undefined);
  return { own, broker, process: createProcess(own, { name: "contract", kill: "shim.kill" }) };
}

objectStoreContract("the fake S3", () => lake().store);
objectStoreContract("the store in memory", () => createMemoryStore(Date.now).store);
queryEngineContract("the fake Athena", lake);

kafkaContract("the fake broker", async () => {
  const { broker, process } = kafka();
  const read = async () =>
    broker.log("dlq-events", 0).map(({ value, headers }) => ({ value: value.toString(), headers }));
  const tooLarge = Buffer.alloc(maxBatchBytes + 1);
  const topics = { many: "raw-events", one: "dlq-events" };
  return { writer: broker.writer(process), tails: broker.tails(process), ...topics, tooLarge, read };
});

mappingContract("the fake mapping", async () => {
  const { own, broker, process } = kafka();
  const writer = broker.writer(process);
  let isDrained = (): boolean => false;
  return {
    topic: "raw-events",
    produce: async (partition, values) => {
      const headers = { source_kind: "replay" };
      const records = values.map((value) => ({ key: Buffer.from("k"), value: Buffer.from(value), headers }));
      await writer.send("raw-events", partition, { records, stamp: {} });
    },
    start: (handler) => {
      const invoke = async (event: unknown): Promise<Outcome> => {
        await own.scheduler.sleep(100);
        try {
          return { kind: "answered", failures: handler(event) };
        } catch {
          return { kind: "failed" };
        }
      };
      const mapping = createFakeMapping(own, {
        topic: "raw-events",
        broker,
        s3: createFakeS3(own, () => undefined),
        batchSize: 6,
        pollers: 2,
        invoke,
        invokeFailed: async () => ({ kind: "failed" }),
        onAcked: () => undefined,
      });
      isDrained = mapping.isDrained;
      stops.push(mapping.end);
    },
    drained: async () => {
      while (!isDrained()) await own.scheduler.sleep(100);
    },
  };
});
