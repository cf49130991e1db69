import type { BatchEntry } from "../../../../lib/core/batch.ts";
import type { KafkaRecord } from "../../../../lib/core/kafka-record.ts";
import { bronzeTarget, commitBronze } from "../../../../lib/lake/commit-bronze.ts";
import type { EpochReport } from "../../../../lib/lake/commit-loop.ts";
import { type CommitPolicy, commitPolicy } from "../../../../lib/lake/commit-policy.ts";
import { createLogger } from "../../../../lib/platform/logger.ts";
import { judgeRecord } from "../../../../lib/steps/judge-record.ts";
import { toBronzeRow, toDeadLetterRow } from "../../../../lib/steps/to-bronze-row.ts";
import { createFakeAthena, type EngineFaults, type Row } from "./fake-engine.ts";
import { createBucket, createFakeStore, type StoreFaults } from "./fake-store.ts";
import { createProcess, type ProcessFaults } from "./process.ts";
import { createScheduler, seededRandom } from "./scheduler.ts";

export type Faults = ProcessFaults & StoreFaults & EngineFaults;

export const noFaults: Faults = {
  kill: 0,
  pause: 0,
  pauseMs: [0],
  refuse: 0,
  loseReply: 0,
  throttle: 0,
  slowStart: 0,
  fail: 0,
  failCommitted: 0,
  poison: new Set(),
  runMs: [2_000],
  outageUntilMs: 0,
};

export type Scenario = {
  readonly seed: number;
  readonly records: number;
  readonly faults: Partial<Faults>;
  /** Faults stop after this much virtual time: then everything must drain. */
  readonly faultyMs?: number;
  /** Virtual time in which everything must be acknowledged; longer is a wedge. */
  readonly maxMs?: number;
  readonly policy?: Partial<CommitPolicy>;
  /** Own slots for own invocations: takes the shared slot away. */
  readonly separateSlots?: boolean;
  /** How the mapping cuts what is not acknowledged: at most this many records, delivered to this many at once. */
  readonly batch: number;
  readonly writers: number;
  /** Function timeout, ms. */
  readonly timeoutMs?: number;
  /** Every how many deliveries the mapping delivers a batch twice, cut otherwise. 0: never. */
  readonly redeliverEvery?: number;
  /** Receives every log line of every invocation. */
  readonly trace?: (line: string) => void;
};

export type Verdict = {
  /** Problems found; empty when every promise held. */
  readonly problems: readonly string[];
  readonly virtualMs: number;
  readonly epochs: number;
};

/** Midnight, so that a run of minutes stays in one day and one of hours in two. */
const startMs = Date.UTC(2026, 10, 21, 0, 0, 0);
/** Long enough for several epochs to be given up. */
const defaultFaultyMs = 3 * 3_600_000;
/** What bad data does it does for ever; everything else ends. */
const calm = { kill: 0, pause: 0, refuse: 0, loseReply: 0, throttle: 0, slowStart: 0, fail: 0, failCommitted: 0 };

/** Faults, then several epochs given up after an hour each. */
const maxVirtualMs = 16 * 3_600_000;

/**
 * Records 0…n of one partition, delivered at least once by a mapping to writers that run the real code, on fakes that
 * misbehave as told. Holds afterwards: every record in exactly one row; acknowledged means present at that moment.
 */
export async function simulate(scenario: Scenario): Promise<Verdict> {
  const random = seededRandom(scenario.seed);
  const scheduler = createScheduler(startMs);
  const outageUntilMs = startMs + (scenario.faults.outageUntilMs ?? 0);
  const faults: Faults = { ...noFaults, ...scenario.faults, outageUntilMs };
  void scheduler.sleep(scenario.faultyMs ?? defaultFaultyMs).then(() => Object.assign(faults, calm));
  const bucket = createBucket(scheduler.now);
  const athena = createFakeAthena(scheduler, bucket, random, faults);
  const records = Array.from({ length: scenario.records }, (_, offset) => makeRecord(offset));
  const acknowledged = new Set<number>();
  const problems: string[] = [];
  let epochs = 0;
  let deliveries = 0;
  let invocations = 0;

  const countOf = (offset: number): number =>
    [...athena.tables.raw_events, ...athena.tables.dead_letter].filter((row: Row) => row.kafka_offset === offset)
      .length;

  const invoke = async (batch: readonly KafkaRecord[]): Promise<boolean> => {
    invocations += 1;
    const timeoutMs = scenario.timeoutMs ?? 14 * 60_000;
    let died: () => void = () => undefined;
    const death = new Promise<"dead">((resolve) => {
      died = () => resolve("dead");
    });
    const process = createProcess(`i${invocations}`, scheduler, random, faults, () => died());
    const target = bronzeTarget({ bronze: "b", stage: "s" }, "w");
    const slot = scenario.separateSlots ? { slotKey: `commit/${process.name}.json` } : {};
    const deps = {
      store: createFakeStore(bucket, process, random, faults),
      engine: athena.connect(process),
      clock: { now: scheduler.now, sleep: async (ms: number) => scheduler.sleep(ms).then(() => process.step()) },
      random,
      newUuid: () => `uuid-${random()}`,
      log: createLogger({
        now: scheduler.now,
        base: { process: process.name },
        write: scenario.trace ?? (() => undefined),
      }),
      onEpoch: (report: EpochReport) => {
        epochs += 1;
        scenario.trace?.(JSON.stringify({ time: new Date(scheduler.now()).toISOString(), ...report }));
      },
      target: { ...target, ...slot },
      policy: { ...commitPolicy, ...scenario.policy },
      judgeVersion: "1",
      toPoisonRow: ({ record }: BatchEntry) =>
        toDeadLetterRow(
          record,
          {
            stage: "bronze_writer",
            reason: "retries_exhausted",
            detail: "",
            eventId: eventIdOf(record),
            wiki: undefined,
            attempts: 1,
          },
          scheduler.now(),
        ),
    };
    const entries = batch.map((record) => {
      const verdict = judgeRecord(record.value, { sourceKind: "replay", nowMs: startMs, canary: "reject" });
      return { record, row: toBronzeRow(record, verdict, scheduler.now()) };
    });
    const work = commitBronze(deps, entries, scheduler.now() + timeoutMs - 20_000).then((failed) => {
      const open = new Set(failed.map(({ record }) => record.offset));
      for (const { offset } of batch) {
        if (open.has(offset)) continue;
        acknowledged.add(offset);
        if (countOf(offset) === 0) problems.push(`offset ${offset} acknowledged by ${process.name} and not there`);
      }
      return "done" as const;
    });
    // Paused for too long the function is ended by its timeout; its requests under way may still arrive.
    const timeout = scheduler.sleep(timeoutMs + 5_000).then(() => "timeout" as const);
    return (await Promise.race([work, death, timeout])) === "done";
  };

  const partitionWorker = async (lane: number): Promise<void> => {
    const mine = records.filter(({ offset }) => Math.floor(offset / laneWidth(scenario)) % scenario.writers === lane);
    for (;;) {
      const left = mine.filter(({ offset }) => !acknowledged.has(offset));
      if (left.length === 0) return;
      deliveries += 1;
      const size = Math.max(1, Math.ceil(scenario.batch * (deliveries % 3 === 0 ? 0.5 : 1)));
      const batch = left.slice(0, size);
      const every = scenario.redeliverEvery ?? 0;
      const isDoubled = every > 0 && deliveries % every === 0 && batch.length > 1;
      const half = batch.slice(0, Math.ceil(batch.length / 2));
      await Promise.all([invoke(batch), ...(isDoubled ? [invoke(half), invoke(batch.slice(half.length))] : [])]);
      await scheduler.sleep(1000 * random());
    }
  };

  try {
    const lanes = Array.from({ length: scenario.writers }, (_, lane) => partitionWorker(lane));
    await scheduler.run(Promise.all(lanes), scenario.maxMs ?? maxVirtualMs);
    // Whatever still runs ends: late commits land, zombies wake.
    await scheduler.run(scheduler.sleep(4 * 3_600_000), maxVirtualMs * 2);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  for (const { offset } of records) {
    const count = countOf(offset);
    if (count !== 1) problems.push(`offset ${offset} is there ${count} times`);
  }
  return { problems, virtualMs: scheduler.now() - startMs, epochs };
}

/** Lanes take turns in blocks of a batch. */
function laneWidth({ batch }: Scenario): number {
  return batch;
}

const eventIdOf = ({ offset }: KafkaRecord): string => `event-${offset}`;

/** Every tenth record is refused by the judge: both tables are always in play. */
function makeRecord(offset: number): KafkaRecord {
  const event = { meta: { id: `event-${offset}`, dt: "2026-11-21T00:00:00Z" }, wiki: "enwiki", type: "edit" };
  const text = offset % 10 === 9 ? "{" : JSON.stringify(event);
  return {
    topic: "raw-events",
    partition: 0,
    offset,
    timestampMs: startMs,
    value: new TextEncoder().encode(text),
    headers: { source_kind: "replay" },
  };
}
