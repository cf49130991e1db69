import { newestOf, type Positions } from "../../lib/core/source-position.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createMetrics } from "../../lib/platform/metrics.ts";
import { readConfig, type ShimConfig } from "../../shim/config.ts";
import type { CursorStore, StoredCursor } from "../../shim/cursor-store.ts";
import { runShim, type ShimDeps, type ShimEnd } from "../../shim/run-shim.ts";
import { idOf } from "./event-id.ts";
import { FakeFeed, type feedEvent } from "./fake-feed.ts";
import { FakeKafka } from "./fake-kafka.ts";
import { ManualClock } from "./manual-clock.ts";

export const baseEnvironment = {
  STAGE: "test",
  CLUSTER_ARN: "arn:aws:kafka:eu-west-1:000000000000:cluster/test/1",
  RAW_TOPIC: "raw-events",
  DLQ_TOPIC: "dlq-events",
  OPS_TOPIC: "ops-events",
  STAGE_BUCKET: "stage",
  SOURCE_URL: "http://127.0.0.1/v2/stream/recentchange",
  SOURCE_KIND: "live",
  AWS_REGION: "eu-west-1",
};

/** A cursor store in memory. */
export class FakeStore implements CursorStore {
  marks: Positions | undefined;
  floors: Positions = new Map();
  isBroken = false;
  read = async (): Promise<StoredCursor | undefined> => {
    if (this.isBroken) throw new Error("the store does not answer");
    return this.marks === undefined ? undefined : { marks: this.marks, floors: this.floors };
  };
  write = async ({ marks, floors }: StoredCursor): Promise<void> => {
    if (this.isBroken) throw new Error("the store does not answer");
    this.marks = newestOf([marks]);
    this.floors = new Map(floors);
  };
}

/** One world: a clock, a Kafka and a store that outlive the shims started in it. */
export class World {
  readonly clock: ManualClock;
  readonly kafka: FakeKafka;
  readonly store = new FakeStore();
  readonly logs: Record<string, unknown>[] = [];
  readonly metrics: Record<string, unknown>[] = [];
  healthyAtMs = 0;
  #ids = 0;
  #epochs = 0;

  constructor(nowMs?: number) {
    this.clock = new ManualClock(nowMs);
    this.kafka = new FakeKafka(this.clock);
  }

  /** Starts a shim. `kill` ends it as kill −9 does: nothing of it happens any more. */
  start(fetch: typeof globalThis.fetch, environment: Record<string, string> = {}, random: () => number = () => 0.5) {
    const stop = new AbortController();
    let isDead = false;
    const { clock, kafka, store } = this;
    const config: ShimConfig = readConfig({ ...baseEnvironment, ...environment });
    const deps: ShimDeps = {
      fetch: (input, init) => (isDead ? new Promise(() => undefined) : fetch(input, init)),
      clock,
      random,
      newId: () => `id-${++this.#ids}`,
      shimEpoch: `epoch-${++this.#epochs}`,
      log: createLogger({ now: clock.now, write: (line) => void this.logs.push(JSON.parse(line)) }),
      metrics: createMetrics({
        dimensions: {},
        now: clock.now,
        write: (line) => void this.metrics.push(JSON.parse(line)),
      }),
      writer: kafka.writer(() => isDead),
      partitions: new Map([
        ["raw-events", 3],
        ["dlq-events", 1],
        ["ops-events", 1],
      ]),
      tails: kafka.tails,
      store: { read: store.read, write: (cursor) => (isDead ? new Promise(() => undefined) : store.write(cursor)) },
      healthy: () => {
        this.healthyAtMs = clock.now();
      },
    };
    const outcome: { end?: ShimEnd; error?: unknown } = {};
    const done = runShim(config, deps, stop.signal).then(
      (end) => {
        outcome.end = end;
      },
      (error) => {
        outcome.error = error;
      },
    );
    const kill = (): void => {
      isDead = true;
      stop.abort();
    };
    return { stop: () => stop.abort(), kill, done, outcome };
  }

  ids(topic = "raw-events"): string[] {
    return this.kafka.of(topic).map(idOf);
  }

  ops(kind: string): Record<string, unknown>[] {
    return this.kafka
      .json("ops-events")
      .filter((record) => record["kind"] === kind)
      .map((record) => record["row"] as Record<string, unknown>);
  }
}

/** A world, and a feed whose events are made at its clock's time. */
export function setUp(build: (nowMs: number) => ReturnType<typeof feedEvent>[]) {
  const world = new World();
  const feed = new FakeFeed(build(world.clock.now()), world.clock);
  return { world, feed };
}
