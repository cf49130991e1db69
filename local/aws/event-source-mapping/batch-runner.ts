import type { Clock } from "../unit.ts";
import type { ConsumerPort } from "./consumer-port.ts";
import type { Counters } from "./counters.ts";
import { type DeliveryPort, deliverBatch, type InvokeOutcome } from "./deliver-batch.ts";
import type { FailedBatch } from "./failure-record.ts";
import type { FaultState } from "./faults.ts";
import type { Batch } from "./kafka-record.ts";
import type { KafkaMappingConfig } from "./mapping-config.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import type { TakenRecords } from "./take-batch.ts";

export type BatchRunnerDeps = {
  readonly config: KafkaMappingConfig;
  readonly consumer: Pick<ConsumerPort, "commit">;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly faults: FaultState;
  invoke(batch: Batch, options: { readonly killAfterMs: number | undefined }): Promise<InvokeOutcome>;
  /** Stores a batch that is given up at the failure destination; rejects when that fails. */
  storeFailure(failed: FailedBatch): Promise<void>;
  /** One line for the mapping's log: code and facts, never event text. */
  log(code: string, facts: Readonly<Record<string, string | number>>): void;
  readonly backOffMs?: (failures: number) => number;
};

export type BatchRunner = {
  /** Delivers and commits; resolves when the records are settled, or untouched because of a stop. Never rejects. */
  run(taken: readonly TakenRecords[]): Promise<void>;
  /** Tries again what could not be committed, or the lag would stay until the next record. */
  commitAgain(queues: readonly PartitionQueue[]): Promise<void>;
  /** Wakes what waits; nothing is delivered or committed again. */
  stop(): void;
};

/** Tries at a failure destination that refuses; then the batch is dropped and counted, as on AWS. */
const giveUpTries = 5;
const firstBackOffMs = 250;
const longestBackOffMs = 30_000;
const maxLoggedReason = 300;

const defaultBackOffMs = (failures: number): number =>
  Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(failures, 10));

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Connects the delivery rules with the function, the failure destination and the group's offsets. */
export function createBatchRunner(deps: BatchRunnerDeps): BatchRunner {
  const { config, clock, counters, faults } = deps;
  const sleepers = new Set<() => void>();
  let isStopping = false;
  let lastCommit: Promise<void> = Promise.resolve();

  const sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      if (isStopping) return resolve();
      const wake = (): void => {
        cancel();
        sleepers.delete(wake);
        resolve();
      };
      const cancel = clock.after(delayMs, wake);
      sleepers.add(wake);
    });

  const invoke = async (records: Batch): Promise<InvokeOutcome> => {
    const { copies, killAfterMs } = faults;
    faults.copies = "one";
    faults.killAfterMs = undefined;
    const again = (): Promise<InvokeOutcome> => deps.invoke(records, { killAfterMs: undefined });
    if (copies === "concurrent") return (await Promise.all([deps.invoke(records, { killAfterMs }), again()]))[0];
    const outcome = await deps.invoke(records, { killAfterMs });
    return copies === "twice" ? again() : outcome;
  };

  const commitNow = async (owned: readonly PartitionQueue[], records: number): Promise<void> => {
    const current = owned.filter(({ isLost, hasUncommitted }) => hasUncommitted && !isLost);
    const offsets = current.flatMap(({ partition, doneBelow }) =>
      doneBelow === undefined ? [] : [{ partition, next: doneBelow }],
    );
    if (offsets.length === 0) {
      // An earlier commit took them along.
      if (owned.some(({ isLost }) => !isLost)) counters.add("CommittedEventCount", records);
      return;
    }
    try {
      await deps.consumer.commit(offsets);
      const committed = new Map(offsets.map(({ partition, next }) => [partition, next]));
      for (const queue of current) queue.hasUncommitted = queue.doneBelow !== committed.get(queue.partition);
      counters.add("CommittedEventCount", records);
    } catch (error) {
      // At least once: the records may come again. The next settled batch of the partition commits past them.
      counters.add("CommitErrorCount");
      deps.log("commit-failed", { reason: reasonOf(error) });
    }
  };

  // One after the other, each with the offsets of its moment: a slow retry of an older commit must not undo a newer one.
  const commit = (owned: readonly PartitionQueue[], records: number): Promise<void> => {
    lastCommit = lastCommit.then(() => commitNow(owned, records));
    return lastCommit;
  };

  const settle = async (records: Batch, owners: ReadonlyMap<number, PartitionQueue>): Promise<void> => {
    const touched = new Set<PartitionQueue>();
    for (const { partition, offset } of records) {
      const queue = owners.get(partition);
      if (queue === undefined || queue.isLost) continue;
      queue.doneBelow = offset + 1;
      queue.hasUncommitted = true;
      touched.add(queue);
    }
    await commit([...touched], records.length);
  };

  const giveUp = async (failed: FailedBatch): Promise<void> => {
    const { length } = failed.batch;
    deps.log("batch-given-up", { records: length, condition: failed.condition, invokeCount: failed.invokeCount });
    if (config.failureArn === undefined) return counters.add("DroppedEventCount", length);
    for (let tries = 1; ; tries += 1) {
      try {
        await deps.storeFailure(failed);
        return counters.add("OnFailureDestinationDeliveredEventCount", length);
      } catch (error) {
        counters.add("OnFailureDestinationDeliveryErrorCount");
        deps.log("failure-destination-refused", { reason: reasonOf(error), tries });
        if (tries === giveUpTries) return counters.add("DroppedEventCount", length);
      }
      await sleep(defaultBackOffMs(tries));
      if (isStopping) throw new Error("stopped before the failure destination had the batch");
    }
  };

  const portFor = (owners: ReadonlyMap<number, PartitionQueue>): DeliveryPort => ({
    now: clock.now,
    isStopping: () => isStopping,
    invoke,
    settle: (records) => settle(records, owners),
    giveUp,
    backOff: (failures) => sleep((deps.backOffMs ?? defaultBackOffMs)(failures)),
    onEvent: (event) => {
      if (event.kind === "invoked") return counters.add("InvokedEventCount", event.records);
      counters.add("FailedInvokeEventCount", event.records);
      counters.add("InvokeErrorCount");
      deps.log("invocation-failed", { records: event.records, reason: event.reason.slice(0, maxLoggedReason) });
    },
  });

  return {
    run: async (taken) => {
      const owners = new Map(taken.map(({ queue }) => [queue.partition, queue]));
      const batch = taken.flatMap(({ records }) => records);
      try {
        const end = await deliverBatch(batch, config.rules, portFor(owners));
        if (end === "abandoned") deps.log("batch-abandoned", { records: batch.length });
      } catch (error) {
        deps.log("batch-crashed", { records: batch.length, reason: reasonOf(error) });
        // Not settled and not expected: fetch the records again from where the partition stands.
        for (const { queue, records } of taken) {
          queue.doneBelow ??= records[0]?.offset;
          queue.awaitsSeek = true;
        }
      }
    },
    commitAgain: (queues) => commit(queues, 0),
    stop: () => {
      isStopping = true;
      for (const wake of [...sleepers]) wake();
    },
  };
}
