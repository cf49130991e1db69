import type { BronzeWriterDeps } from "../../handlers/bronze-writer/deps.ts";
import type { PartialFailures } from "../../lib/core/msk-event.ts";
import type { ShimDeps } from "../../shim/run-shim.ts";
import { createFakeAthena } from "./fake-athena.ts";
import { createFakeBroker } from "./fake-broker.ts";
import { createFakeMapping } from "./fake-mapping.ts";
import { createFakeS3 } from "./fake-s3.ts";
import { createFakeSource } from "./fake-source.ts";
import { createHistory, type History } from "./history.ts";
import { createPlan, type Strike } from "./plan.ts";
import type { Ground } from "./process.ts";
import { createScenario, poisonTitle, type Scenario, type Shape } from "./scenario.ts";
import { createScheduler } from "./scheduler.ts";
import { createShimHost } from "./shim-host.ts";
import { createStageReader } from "./stage-reader.ts";
import { createWriterHost } from "./writer-host.ts";

/** What a world is without: a clause of the protocol, taken away by changing what the real code is given. */
export type Removal = {
  readonly shim?: (deps: ShimDeps) => ShimDeps;
  readonly writer?: (deps: BronzeWriterDeps) => BronzeWriterDeps;
  /** What a writer answers the mapping. */
  readonly answer?: (failures: PartialFailures) => PartialFailures;
  readonly source?: { readonly useDt: boolean };
};

export type RunOptions = {
  readonly seed: number;
  /** Only these faults happen. */
  readonly only?: ReadonlySet<Strike>;
  readonly without?: Removal;
  readonly scenario?: Partial<Scenario>;
  readonly shape?: Shape;
  /** Receives each line of what happens, with its virtual time. */
  readonly trace?: (line: string) => void;
};

export type RunResult = {
  readonly problems: readonly string[];
  /** Faults that happened, in order. */
  readonly struck: readonly Strike[];
  readonly virtualMs: number;
  readonly events: number;
  readonly records: number;
  readonly epochs: number;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** After the last event faults go on for this long. */
const faultyMs = 4 * minuteMs;
/** Then everything the source gave must be stored: longer than a shim may be down, and then back off. */
const storedWithinMs = 4 * hourMs;
/** Whoever was paused wakes, whatever was late arrives. */
const afterMs = 2 * hourMs;
const lookMs = 5_000;

/** One seed: the whole way from the source to the tables, with everything that goes wrong on it. */
export async function runWorld(options: RunOptions): Promise<RunResult> {
  const scenario = { ...createScenario(options.seed, options.shape), ...options.scenario };
  const world = build(scenario, options);
  const { scheduler } = world.ground;
  const problems: string[] = [];
  try {
    await Promise.race([scheduler.run(live(scenario, world), 120 * hourMs), world.failure]);
    problems.push(...(await world.history.judge()));
  } catch (error) {
    problems.push(...world.history.found());
    if (problems.length === 0) problems.push(error instanceof Error ? error.message : String(error));
    if (options.trace !== undefined && error instanceof Error) options.trace(error.stack ?? "");
  }
  return {
    problems,
    struck: world.ground.plan.struck,
    virtualMs: scheduler.now() - scenario.startMs,
    events: scenario.rounds.reduce((sum, { events }) => sum + events.length, 0),
    records: world.broker.history.length,
    epochs: world.epochs(),
  };
}

type World = ReturnType<typeof build>;

function build(scenario: Scenario, { seed, only, without = {}, trace = () => undefined }: RunOptions) {
  const scheduler = createScheduler(scenario.startMs);
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const line = (text: string): void => trace(`${new Date(scheduler.now()).toISOString()} ${text}`);
  const plan = createPlan({ seed, rates: scenario.rates, only, onStrike: (strike) => line(`! ${strike}`) });
  const ground: Ground = { scheduler, plan, trace: line, broken: failure.reject };
  const parts: { history?: History } = {};
  const s3 = createFakeS3(ground, (key, body) => noteObject(parts.history, key, body));
  const stage = createStageReader(s3, "stage");
  const topics = new Map([
    ["raw-events", scenario.partitions],
    ["dlq-events", 1],
    ["ops-events", 1],
  ]);
  const broker = createFakeBroker(ground, topics, (records) => parts.history?.appended(records));
  const events = scenario.rounds.flatMap((round) => round.events);
  const retentionMs = scenario.retentionHours * hourMs;
  const source = createFakeSource(ground, events, { retentionMs, ...without.source });
  const isPoison = ({ title }: { readonly [column: string]: unknown }): boolean =>
    typeof title === "string" && title.startsWith(poisonTitle);
  const athena = createFakeAthena(ground, stage, isPoison);
  const history = createHistory({
    source,
    broker,
    athena,
    stage,
    now: scheduler.now,
    startMs: scenario.startMs,
    trace: line,
  });
  parts.history = history;
  let epochs = 0;
  const writers = createWriterHost(ground, {
    s3,
    athena,
    timeoutMs: scenario.timeoutMs,
    onEpoch: () => {
      epochs += 1;
    },
    onMetric: history.metric,
    alter: without.writer ?? ((deps) => deps),
    answer: without.answer ?? ((failures) => failures),
  });
  const { batchSize, pollers } = scenario;
  const shared = { broker, s3, batchSize, invokeFailed: writers.failedBatch, onAcked: history.acknowledged };
  const mappings = [
    createFakeMapping(ground, { ...shared, topic: "raw-events", pollers, invoke: writers.bronze }),
    createFakeMapping(ground, { ...shared, topic: "dlq-events", pollers: 1, invoke: writers.deadLetters }),
  ];
  const host = createShimHost(ground, {
    ...scenario,
    source,
    broker,
    s3,
    alter: without.shim ?? ((deps) => deps),
    onEnd: history.shimEnded,
  });
  return { ground, broker, history, mappings, host, failure: failure.promise, epochs: () => epochs };
}

/** The life of a world: each round up, all stored, down, all committed, the topic made anew. */
async function live(scenario: Scenario, { ground, broker, history, mappings, host }: World): Promise<void> {
  const { scheduler, plan, trace } = ground;
  const until = async (isSo: () => boolean, withinMs: number): Promise<void> => {
    for (const endMs = scheduler.now() + withinMs; scheduler.now() < endMs && !isSo(); ) {
      await scheduler.sleep(lookMs);
      if (history.found().length > 0) throw new Error("over: what went wrong is known");
    }
  };
  for (const [index, round] of scenario.rounds.entries()) {
    if (index > 0) {
      await scheduler.sleep(round.fromMs - 30_000 - scheduler.now());
      broker.recreate("raw-events");
      mappings[0]?.reset();
    }
    plan.turn("storm");
    await scheduler.sleep(scenario.upAfterMs);
    host.up();
    await scheduler.sleep(Math.max(round.untilMs - scheduler.now(), 0) + faultyMs);
    trace("calm");
    plan.turn("calm");
    await until(() => history.unsafe().length === 0, storedWithinMs);
    await host.down();
    await scheduler.sleep(minuteMs); // what is late on its way to the broker arrives
    await until(() => mappings.every((mapping) => mapping.isDrained()), scenario.committedWithinMs);
    if (!mappings.every((mapping) => mapping.isDrained()))
      throw new Error(`not committed after ${scenario.committedWithinMs} ms`);
  }
  for (const mapping of mappings) mapping.end();
  await scheduler.sleep(afterMs);
}

function noteObject(history: History | undefined, key: string, body: Uint8Array): void {
  if (key === "shim/cursor.json") history?.marked(JSON.parse(Buffer.from(body).toString()).marks, "the stored cursor");
  if (!key.startsWith("pending/bronze/")) return;
  const { id, tables } = JSON.parse(Buffer.from(body).toString());
  history?.staged(id, tables.raw_events.rows + tables.dead_letter.rows);
}
