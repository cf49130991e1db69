import { z } from "zod";
import { type Batch, partitionKey } from "./kafka-record.ts";

/** What a function's answer means for its batch. */
export type BatchReply =
  | { readonly kind: "succeeded" }
  /** Per partition key the lowest offset that failed: everything from there on is to be delivered again. */
  | { readonly kind: "partly-failed"; readonly lowestFailed: ReadonlyMap<string, number> }
  /** The answer cannot be understood or names what was not delivered: the whole batch again. */
  | { readonly kind: "invalid"; readonly reason: string };

const replySchema = z.object({
  batchItemFailures: z
    .array(z.object({ itemIdentifier: z.object({ partition: z.string(), offset: z.int().nonnegative() }) }))
    .nullish(),
});

/** Reads the answer of a function whose mapping has ReportBatchItemFailures. Null and empty mean that all is well. */
export function readBatchReply(payload: string, batch: Batch): BatchReply {
  const answer: unknown = JSON.parse(payload);
  if (answer === null) return { kind: "succeeded" };
  const parsed = replySchema.safeParse(answer);
  if (!parsed.success) return { kind: "invalid", reason: "not in the form {batchItemFailures:[{itemIdentifier:{…}}]}" };
  const failures = parsed.data.batchItemFailures ?? [];
  if (failures.length === 0) return { kind: "succeeded" };
  const delivered = new Set(batch.map((record) => `${partitionKey(record)}@${record.offset}`));
  const lowestFailed = new Map<string, number>();
  for (const { itemIdentifier } of failures) {
    const { partition, offset } = itemIdentifier;
    if (!delivered.has(`${partition}@${offset}`)) {
      return { kind: "invalid", reason: `names ${partition}@${offset}, which was not in the batch` };
    }
    lowestFailed.set(partition, Math.min(offset, lowestFailed.get(partition) ?? offset));
  }
  return { kind: "partly-failed", lowestFailed };
}

/** Splits a batch at the failed offsets: what is done and what is to be delivered again, order kept. */
export function splitAtFailures(
  batch: Batch,
  lowestFailed: ReadonlyMap<string, number>,
): { readonly done: Batch; readonly again: Batch } {
  const isDone = (record: Batch[number]): boolean =>
    record.offset < (lowestFailed.get(partitionKey(record)) ?? Number.POSITIVE_INFINITY);
  return { done: batch.filter(isDone), again: batch.filter((record) => !isDone(record)) };
}
