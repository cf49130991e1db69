import type { Clock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { readConfig } from "../../shim/config.ts";
import { createCursorStore } from "../../shim/cursor-store.ts";
import { runShim, type ShimDeps, type ShimEnd } from "../../shim/run-shim.ts";
import type { FakeBroker } from "./fake-broker.ts";
import type { FakeS3 } from "./fake-s3.ts";
import type { FakeSource } from "./fake-source.ts";
import { createProcess, type Ground, never, type SimProcess } from "./process.ts";

export type ShimHostOptions = {
  readonly startMs: number;
  readonly retentionHours: number;
  readonly bufferBytes: number;
  readonly source: FakeSource;
  readonly broker: FakeBroker;
  readonly s3: FakeS3;
  /** A world takes a clause away by changing what the shim is given. */
  readonly alter: (deps: ShimDeps) => ShimDeps;
  readonly onEnd: (name: string, end: ShimEnd) => void;
};

export type ShimHost = {
  /** Keeps a shim running, as a service does, until `down`. */
  up(): void;
  /** Asks for an end and waits for it; kills what has not ended after a minute. */
  down(): Promise<void>;
};

type Running = { readonly process: SimProcess; readonly stop: AbortController; readonly over: Promise<unknown> };

const gracePeriodMs = 60_000;

export function createShimHost(ground: Ground, options: ShimHostOptions): ShimHost {
  const { scheduler, plan, trace } = ground;
  const running = new Set<Running>();
  let isUp = false;
  let loop: Promise<void> = Promise.resolve();
  let starts = 0;

  const start = (): Running => {
    starts += 1;
    const process = createProcess(ground, { name: `shim-${starts}`, kill: "shim.kill" });
    const stop = new AbortController();
    const work = runShim(configOf(options), depsOf(ground, options, process), stop.signal).then(
      (end) => {
        trace(`${process.name} ends: ${JSON.stringify(end.totals)}`);
        options.onEnd(process.name, end);
      },
      (error: unknown) => {
        if (error instanceof TypeError || error instanceof ReferenceError) ground.broken(error);
        trace(`${process.name} fails: ${error}`);
      },
    );
    const one: Running = { process, stop, over: Promise.race([work, process.death]) };
    running.add(one);
    void one.over.then(() => {
      process.kill(); // nothing of an ended process happens any more
      running.delete(one);
    });
    return one;
  };
  const stopAfter = async (one: Running, ms: number): Promise<void> => {
    await scheduler.sleep(ms);
    await end(one);
  };
  const end = async (one: Running): Promise<void> => {
    one.stop.abort();
    await Promise.race([one.over, scheduler.sleep(gracePeriodMs)]);
    one.process.kill();
  };
  const keepRunning = async (): Promise<void> => {
    while (isUp) {
      const one = start();
      if (plan.strikes("shim.stop")) void stopAfter(one, plan.random("stop-ms") * 240_000);
      // A deployment that overlaps, or one that was taken for dead.
      if (plan.strikes("shim.twin")) void stopAfter(start(), plan.random("twin-ms") * 120_000);
      await one.over;
      if (!isUp) return;
      const isLong = plan.strikes("shim.long-down");
      await scheduler.sleep(
        isLong ? plan.between("down-ms", 3_600_000, 3 * 3_600_000) : plan.between("up-ms", 1_000, 20_000),
      );
    }
  };
  return {
    up: () => {
      isUp = true;
      loop = keepRunning();
      loop.catch(ground.broken);
    },
    down: async () => {
      isUp = false;
      await Promise.all([...running].map(end));
      await loop;
    },
  };
}

function configOf({ startMs, retentionHours, bufferBytes }: ShimHostOptions) {
  return readConfig({
    STAGE: "sim",
    CLUSTER_ARN: "arn:aws:kafka:eu-west-1:000000000000:cluster/sim/1",
    RAW_TOPIC: "raw-events",
    DLQ_TOPIC: "dlq-events",
    OPS_TOPIC: "ops-events",
    STAGE_BUCKET: "stage",
    SOURCE_URL: "http://127.0.0.1/v2/stream/recentchange",
    SOURCE_KIND: "live",
    SOURCE_START: new Date(startMs).toISOString(),
    SOURCE_RETENTION_HOURS: String(retentionHours),
    BUFFER_BYTES: String(bufferBytes),
    AWS_REGION: "eu-west-1",
  });
}

function depsOf(ground: Ground, options: ShimHostOptions, process: SimProcess): ShimDeps {
  const { scheduler, plan, trace } = ground;
  const clock = clockOf(ground, process);
  let ids = 0;
  return options.alter({
    fetch: options.source.fetch(process),
    clock,
    random: () => plan.random("shim"),
    newId: () => `${process.name}-${++ids}`,
    shimEpoch: process.name,
    log: createLogger({ level: "DEBUG", base: { process: process.name }, now: scheduler.now, write: trace }),
    metrics: { put: () => undefined },
    writer: options.broker.writer(process),
    partitions: options.broker.partitions,
    tails: options.broker.tails(process),
    store: createCursorStore(options.s3.client(process), "stage", process.name, clock),
    healthy: () => undefined,
  });
}

/** A clock that may be wrong by up to an hour, as nothing must depend on. */
function clockOf({ scheduler, plan, trace }: Ground, process: SimProcess): Clock {
  const wrongMs = plan.strikes("shim.clock") ? plan.between("clock", -3_600_000, 3_600_000) : 0;
  if (wrongMs !== 0) trace(`the clock of ${process.name} is ${wrongMs} ms wrong`);
  return {
    now: () => scheduler.now() + wrongMs,
    monotonic: () => scheduler.now(),
    sleep: async (ms, signal) => {
      await sleepUnless(scheduler.sleep(ms), signal);
      if (process.isDead) await never();
    },
  };
}

async function sleepUnless(sleep: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return;
  if (signal === undefined) return sleep;
  const gate = Promise.withResolvers<void>();
  const open = (): void => gate.resolve();
  signal.addEventListener("abort", open, { once: true });
  await Promise.race([sleep, gate.promise]);
  signal.removeEventListener("abort", open);
}
