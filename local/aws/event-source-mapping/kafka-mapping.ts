import { type BatchRunnerDeps, createBatchRunner } from "./batch-runner.ts";
import type { ConsumerPort, PartitionLag } from "./consumer-port.ts";
import { type Counters, createCounters, type MetricDatum } from "./counters.ts";
import { type MappingFaults, mappingFaults, noFaults } from "./faults.ts";
import { encodeRecord, type KafkaRecord } from "./kafka-record.ts";
import { createPartitionQueue, type PartitionQueue } from "./partition-queue.ts";
import { nextPollerCount } from "./poller-count.ts";
import { maxEventBytes, type TakenRecords, takeBatch } from "./take-batch.ts";

export type KafkaMappingDeps = Omit<BatchRunnerDeps, "consumer" | "counters" | "faults"> & {
  readonly consumer: ConsumerPort;
  onMetrics(data: readonly MetricDatum[]): void;
};

export type KafkaMapping = {
  /** Joins the group. Rejects when the broker cannot be reached. */
  start(): Promise<void>;
  /** Takes no new batch, waits up to `graceMs` for those in flight, leaves the group. Unfinished ones are not committed. */
  stop(graceMs: number): Promise<void>;
  lag(): Promise<readonly PartitionLag[]>;
  pollers(): number;
  inFlight(): number;
  readonly counters: Counters;
  readonly faults: MappingFaults;
};

/** AWS: up to five invocations at once a provisioned poller; an on-demand one waits for its batch. */
const batchesPerPoller = { provisioned: 5, onDemand: 1 };
/** AWS decides each minute; a laptop's backlog is over by then. */
const scaleEveryMs = 1000;
const metricsEveryMs = 60_000;
/**
 * Fetched and encoded records of a partition: it is paused above the one and fetched again below the other, a payload.
 * Paused with less than a payload a partition is never full, and waited for the window, ten seconds a batch, in the
 * middle of a backlog.
 */
const pausedAboveBytes = 1.5 * maxEventBytes;
const resumedBelowBytes = maxEventBytes;

type Poller = { inFlight: number; window: "closed" | "open" | "over"; cancelWindow: () => void };

/**
 * A Kafka event-source mapping. One group member fetches; pollers are shares of its partitions, so that their number can
 * follow the lag without a rebalance. A poller fills one batch at a time over its partitions; a partition that is part
 * of an unsettled batch takes part in no other. Offsets are committed only after their records are settled.
 */
export function createKafkaMapping(deps: KafkaMappingDeps): KafkaMapping {
  const { config, consumer, clock } = deps;
  const counters = createCounters();
  const faults = noFaults();
  const runner = createBatchRunner({ ...deps, counters, faults });
  const queues = new Map<number, PartitionQueue>();
  const inFlight = new Set<Promise<void>>();
  const timers = new Map<string, () => void>();
  let pollers: Poller[] = Array.from({ length: config.pollers?.minimum ?? 1 }, newPoller);
  let calmLooks = 0;
  let isStopping = false;
  let turns = 0;

  const nextTurn = (): number => {
    turns += 1;
    return turns;
  };

  const queuesOf = (poller: Poller): PartitionQueue[] => {
    const index = pollers.indexOf(poller);
    return [...queues.values()]
      .sort((a, b) => a.partition - b.partition)
      .filter((_, position) => position % pollers.length === index);
  };

  const pump = (): void => {
    for (const poller of pollers) fill(poller);
  };

  const fill = (poller: Poller): void => {
    const limit = config.pollers === undefined ? batchesPerPoller.onDemand : batchesPerPoller.provisioned;
    const batchSize = Math.min(config.batchSize, faults.batchLimit ?? config.batchSize);
    while (!isStopping && poller.inFlight < limit) {
      const ready = queuesOf(poller).filter((queue) => !queue.isBusy && queue.length() > 0);
      if (ready.length === 0) {
        closeWindow(poller);
        return;
      }
      if (!isFull(ready, batchSize) && !windowIsOver(poller, ready)) return;
      closeWindow(poller);
      launch(poller, takeBatch(ready, batchSize, nextTurn));
    }
  };

  /**
   * A window begins with the arrival of the first record, on AWS as well, so that what came while a batch was in flight
   * has waited already. Its timer alone ends it: a timer may fire a millisecond before the clock says so, and a window
   * asked for its age then stayed open until the next record came.
   */
  const windowIsOver = (poller: Poller, ready: readonly PartitionQueue[]): boolean => {
    if (config.windowMs === 0 || poller.window === "over") return true;
    if (poller.window === "open") return false;
    const nowMs = clock.now();
    const leftMs = Math.min(...ready.map((queue) => queue.arrivedMs() ?? nowMs)) + config.windowMs - nowMs;
    if (leftMs <= 0) return true;
    poller.window = "open";
    poller.cancelWindow = clock.after(leftMs, () => {
      poller.window = "over";
      fill(poller);
    });
    return false;
  };

  const launch = (poller: Poller, taken: readonly TakenRecords[]): void => {
    for (const { queue } of taken) {
      queue.isBusy = true;
      resumeIfDrained(queue);
    }
    poller.inFlight += 1;
    const work = runner.run(taken).finally(() => {
      poller.inFlight -= 1;
      inFlight.delete(work);
      for (const { queue } of taken) release(queue);
      pump();
    });
    inFlight.add(work);
  };

  /** What was fetched while the batch was in flight is stale when the group joined again, or the batch crashed. */
  const release = (queue: PartitionQueue): void => {
    queue.isBusy = false;
    if (queue.isLost || isStopping || !queue.awaitsSeek || queue.doneBelow === undefined) return;
    queue.clear();
    consumer.seek(queue.partition, queue.doneBelow);
    queue.awaitsSeek = false;
    queue.isPaused = false;
    consumer.resume(queue.partition);
  };

  const resumeIfDrained = (queue: PartitionQueue): void => {
    if (!queue.isPaused || queue.isLost || queue.awaitsSeek || queue.bytes >= resumedBelowBytes) return;
    queue.isPaused = false;
    consumer.resume(queue.partition);
  };

  const onRecords = (partition: number, records: readonly KafkaRecord[]): void => {
    const queue = queues.get(partition);
    if (queue === undefined || queue.awaitsSeek || isStopping) return;
    counters.add("PolledEventCount", records.length);
    queue.push(records.map(encodeRecord), nextTurn(), clock.now());
    if (queue.bytes > pausedAboveBytes && !queue.isPaused) {
      queue.isPaused = true;
      consumer.pause(partition);
    }
    pump();
  };

  const onAssigned = (partitions: readonly number[]): void => {
    const owned = new Set(partitions);
    for (const [partition, queue] of queues) {
      if (owned.has(partition)) continue;
      queue.isLost = true;
      queue.clear();
      queues.delete(partition);
    }
    for (const partition of partitions) rejoin(partition);
    deps.log("assigned", { partitions: partitions.join(","), pollers: pollers.length });
  };

  /** Fetching starts again at the committed offset: what is fetched is dropped, what is in flight is waited for. */
  const rejoin = (partition: number): void => {
    const queue = queues.get(partition) ?? createPartitionQueue(partition);
    queues.set(partition, queue);
    queue.clear();
    queue.awaitsSeek = queue.isBusy;
    queue.isPaused = queue.isBusy;
    if (queue.isBusy) {
      consumer.pause(partition);
      return;
    }
    consumer.resume(partition);
    if (queue.hasUncommitted && queue.doneBelow !== undefined) consumer.seek(partition, queue.doneBelow);
  };

  const scale = async (): Promise<void> => {
    await runner.commitAgain([...queues.values()].filter(({ hasUncommitted, isBusy }) => hasUncommitted && !isBusy));
    const lags = await consumer.lag();
    if (isStopping || queues.size === 0) return;
    const lag = lags.reduce((sum, partition) => sum + partition.lag, 0);
    const limits = { pollers: config.pollers, partitions: queues.size };
    const next = nextPollerCount(limits, { count: pollers.length, calmLooks }, lag);
    calmLooks = next.calmLooks;
    if (next.count === pollers.length) return;
    deps.log("pollers-changed", { from: pollers.length, to: next.count, lag });
    for (const poller of pollers.slice(next.count)) closeWindow(poller);
    pollers = Array.from({ length: next.count }, (_, index) => pollers[index] ?? newPoller());
    pump();
  };

  const emitMetrics = async (): Promise<void> => {
    const lags = await consumer.lag().catch(() => undefined);
    const values = lags?.map(({ lag }) => lag);
    if (!isStopping) deps.onMetrics(counters.drain(config, values, pollers.length));
  };

  const every = (name: string, delayMs: number, action: () => Promise<void>): void => {
    const run = (): void => {
      void action()
        .catch(() => counters.add("PollingErrorCount"))
        .finally(() => {
          if (!isStopping) every(name, delayMs, action);
        });
    };
    timers.set(name, clock.after(delayMs, run));
  };

  /** Drops what is known and delivers from the committed offsets, as after a rebalance that took everything away. */
  const rebalance = async (): Promise<void> => {
    const partitions = [...queues.keys()];
    onAssigned([]);
    onAssigned(partitions);
    for (const queue of queues.values()) queue.awaitsSeek = true;
    for (const { partition, committed, start } of await consumer.lag()) {
      const queue = queues.get(partition);
      if (queue === undefined) continue;
      consumer.seek(partition, committed ?? start);
      queue.awaitsSeek = false;
    }
  };

  return {
    counters,
    faults: mappingFaults(faults, rebalance),
    lag: () => consumer.lag(),
    pollers: () => pollers.length,
    inFlight: () => inFlight.size,
    start: async () => {
      await consumer.start({
        onAssigned,
        onRecords,
        onFailure: (message) => {
          counters.add("PollingErrorCount");
          deps.log("consumer-failed", { reason: message });
        },
      });
      every("scale", scaleEveryMs, scale);
      every("metrics", metricsEveryMs, emitMetrics);
    },
    stop: async (graceMs) => {
      isStopping = true;
      for (const cancel of timers.values()) cancel();
      for (const poller of pollers) closeWindow(poller);
      runner.stop();
      await Promise.race([Promise.allSettled([...inFlight]), graceOver(graceMs)]);
      // A batch that is still out must not move the offsets any more.
      for (const queue of queues.values()) queue.isLost = true;
      await consumer.stop();
    },
  };
}

function isFull(ready: readonly PartitionQueue[], batchSize: number): boolean {
  const records = ready.reduce((sum, queue) => sum + queue.length(), 0);
  const bytes = ready.reduce((sum, queue) => sum + queue.bytes, 0);
  return records >= batchSize || bytes >= maxEventBytes;
}

function newPoller(): Poller {
  return { inFlight: 0, window: "closed", cancelWindow: () => {} };
}

function closeWindow(poller: Poller): void {
  poller.cancelWindow();
  poller.cancelWindow = () => {};
  poller.window = "closed";
}

const graceOver = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
