import { readBatchReply, splitAtFailures } from "./batch-reply.ts";
import type { FailedBatch, FailureCondition } from "./failure-record.ts";
import { type Batch, partitionKey } from "./kafka-record.ts";

/** How an invocation of the mapping's function ended. */
export type InvokeOutcome =
  | { readonly kind: "answered"; readonly payload: string; readonly requestId: string }
  | { readonly kind: "function-error"; readonly payload: string; readonly requestId: string }
  /** The function did not run: concurrency, a missing function. It costs no attempt. */
  | { readonly kind: "not-run"; readonly reason: string }
  /** The event is above the limit of an invocation. */
  | { readonly kind: "too-large" };

export type DeliveryRules = {
  /** -1 is without end. */
  readonly maximumRetryAttempts: number;
  /** -1 is without end. */
  readonly maximumRecordAgeMs: number;
  readonly bisectOnError: boolean;
  readonly readsReply: boolean;
};

export type DeliveryPort = {
  invoke(batch: Batch): Promise<InvokeOutcome>;
  /** Records are through: acknowledged by the function, or handed to the failure destination. In order per partition. */
  settle(records: Batch): Promise<void>;
  /** Hands over what is given up; resolves when it is stored, or dropped for good. */
  giveUp(failed: FailedBatch): Promise<void>;
  /** Waits before the next try; `failures` counts those in a row. */
  backOff(failures: number): Promise<void>;
  now(): number;
  isStopping(): boolean;
  onEvent(event: DeliveryEvent): void;
};

export type DeliveryEvent =
  | { readonly kind: "invoked"; readonly records: number }
  | { readonly kind: "failed"; readonly records: number; readonly reason: string };

/** A part of the batch that is still to be delivered. */
type Part = { readonly records: Batch; readonly attempts: number };

/**
 * Delivers one batch until each of its records is settled, as AWS's poller does: retries with the same records, halves
 * one after the other when bisecting, the rest from the lowest failed offset of each partition after a partial reply.
 * Invariant: what is settled is at any time a prefix of each partition. `abandoned`: stopped first, the rest is untouched.
 */
export async function deliverBatch(
  batch: Batch,
  rules: DeliveryRules,
  port: DeliveryPort,
): Promise<"settled" | "abandoned"> {
  // A stack with the earliest records on top keeps the order when parts are split again.
  const parts: Part[] = [{ records: batch, attempts: 0 }];
  let failuresInRow = 0;
  let invokeCount = 0;
  let requestId: string | undefined;
  const giveUp = async (records: Batch, condition: FailureCondition): Promise<void> => {
    await port.giveUp({ batch: records, condition, invokeCount, requestId });
    await port.settle(records);
  };
  const retry = async (records: Batch, attempts: number): Promise<void> => {
    const isExhausted = rules.maximumRetryAttempts >= 0 && attempts > rules.maximumRetryAttempts;
    if (isExhausted) await giveUp(records, "RetriesExhausted");
    else parts.push({ records, attempts });
  };

  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (port.isStopping()) return "abandoned";
    const { expired, fresh } = splitExpired(part.records, rules.maximumRecordAgeMs, port.now());
    if (expired.length > 0) await giveUp(expired, "RecordAgeExceeded");
    if (fresh.length === 0) continue;
    const outcome = await port.invoke(fresh);
    if (port.isStopping() && outcome.kind !== "answered") return "abandoned";
    if (outcome.kind === "not-run") {
      parts.push({ records: fresh, attempts: part.attempts });
      await port.backOff(++failuresInRow);
      continue;
    }
    if (outcome.kind === "too-large") {
      if (fresh.length === 1) await giveUp(fresh, "MaximumPayloadSizeExceeded");
      else parts.push(...halves(fresh, part.attempts));
      continue;
    }
    invokeCount += 1;
    requestId = outcome.requestId;
    port.onEvent({ kind: "invoked", records: fresh.length });
    const judged = judge(outcome, fresh, rules);
    if (judged.done.length > 0) await port.settle(judged.done);
    if (judged.again.length === 0) {
      failuresInRow = 0;
      continue;
    }
    port.onEvent({ kind: "failed", records: judged.again.length, reason: judged.reason });
    if (judged.isSplit) {
      parts.push(...halves(judged.again, part.attempts));
    } else {
      await retry(judged.again, part.attempts + 1);
    }
    await port.backOff(++failuresInRow);
  }
  return "settled";
}

/** The first half on top of the stack. Halving costs no attempt. */
function halves(records: Batch, attempts: number): readonly Part[] {
  const middle = Math.ceil(records.length / 2);
  return [
    { records: records.slice(middle), attempts },
    { records: records.slice(0, middle), attempts },
  ];
}

type Judged = { readonly done: Batch; readonly again: Batch; readonly isSplit: boolean; readonly reason: string };

type Ran = Extract<InvokeOutcome, { readonly payload: string }>;

function judge(outcome: Ran, batch: Batch, rules: DeliveryRules): Judged {
  if (outcome.kind === "function-error") {
    const isSplit = rules.bisectOnError && batch.length > 1;
    return { done: [], again: batch, isSplit, reason: outcome.payload };
  }
  const reply = rules.readsReply ? readBatchReply(outcome.payload, batch) : { kind: "succeeded" as const };
  if (reply.kind === "succeeded") return { done: batch, again: [], isSplit: false, reason: "" };
  if (reply.kind === "invalid") return { done: [], again: batch, isSplit: false, reason: reply.reason };
  return { ...splitAtFailures(batch, reply.lowestFailed), isSplit: false, reason: "reported batch item failures" };
}

/** Too old records at the head of each partition: one behind a younger record waits its turn, to keep the order. */
function splitExpired(batch: Batch, maximumAgeMs: number, now: number): { expired: Batch; fresh: Batch } {
  if (maximumAgeMs < 0) return { expired: [], fresh: batch };
  const expired: Batch[number][] = [];
  const fresh: Batch[number][] = [];
  const hasFresh = new Set<string>();
  for (const record of batch) {
    const key = partitionKey(record);
    if (now - record.timestampMs > maximumAgeMs && !hasFresh.has(key)) {
      expired.push(record);
    } else {
      hasFresh.add(key);
      fresh.push(record);
    }
  }
  return { expired, fresh };
}
