import type { BatchEntry } from "../../lib/core/batch.ts";
import type { DeadLetterRow } from "../../lib/core/bronze-row.ts";
import type { KafkaRecord } from "../../lib/core/kafka-record.ts";
import { type PartialFailures, parseMskEvent, partialFailures } from "../../lib/core/msk-event.ts";
import { commitBronze } from "../../lib/lake/commit-bronze.ts";
import { LakeError } from "../../lib/lake/errors.ts";
import { judgeRecord } from "../../lib/steps/judge-record.ts";
import { readDeadLetter } from "../../lib/steps/read-dead-letter.ts";
import { sourceKindOf, toDeadLetterRow } from "../../lib/steps/to-bronze-row.ts";
import type { DeadLetterWriterDeps } from "./deps.ts";
import { parseFailedBatch } from "./failed-batch.ts";

/** Topic whose records are dead letters already, also when a mapping gave up on them. */
const dlqTopic = "dlq-events";
/** Mapping failures are told apart from the dlq records: the same record may be both. */
const failedBatchVersion = "failed-batch-1";

/** One batch of dlq-events: every record becomes a row, or comes again. */
export async function writeDlqEvent(
  deps: DeadLetterWriterDeps,
  event: unknown,
  deadlineMs: number,
): Promise<PartialFailures> {
  const nowMs = deps.clock.now();
  const entries = parseMskEvent(event).map((record) => ({ record, row: readDeadLetter(record, nowMs) }));
  const failed = await commitByTopic(deps, entries, deadlineMs);
  return partialFailures(failed.map(({ record }) => record));
}

/** One object of the failure bucket: a row for each record in it. Throws when not all are committed: it is called again. */
export async function writeFailedBatch(deps: DeadLetterWriterDeps, key: string, deadlineMs: number): Promise<void> {
  const stored = await deps.failures.get(key);
  if (stored === undefined) return deps.log.warn("failed-batch-gone", { key });
  const { condition, attempts, records } = parseFailedBatch(stored.body);
  deps.log.error("mapping-gave-up", { key, condition, records: records?.length });
  deps.metrics.put([{ name: "RecordsGivenUp", value: records?.length ?? 1, unit: "Count" }]);
  if (records === undefined) throw unreadable(key, condition);
  const nowMs = deps.clock.now();
  const entries = records.map((record) => ({ record, row: givenUp(record, attempts, nowMs) }));
  const failed = await commitByTopic({ ...deps, judgeVersion: failedBatchVersion }, entries, deadlineMs);
  if (failed.length === 0) return;
  throw new LakeError("DEAD_LETTERS_PENDING", `${failed.length} dead letters are not committed yet`, {
    retriable: true,
  });
}

async function commitByTopic(
  deps: DeadLetterWriterDeps,
  entries: readonly BatchEntry[],
  deadlineMs: number,
): Promise<BatchEntry[]> {
  const failed: BatchEntry[] = [];
  for (const topic of new Set(entries.map(({ record }) => record.topic))) {
    const ofTopic = entries.filter(({ record }) => record.topic === topic);
    failed.push(...(await commitBronze(deps, ofTopic, deadlineMs)));
  }
  deps.log.info("dead-letters-done", { records: entries.length, uncommitted: failed.length });
  deps.metrics.put([
    { name: "DeadLetters", value: entries.length, unit: "Count" },
    { name: "RecordsUncommitted", value: failed.length, unit: "Count" },
  ]);
  return failed;
}

function givenUp(record: KafkaRecord, attempts: number, nowMs: number): DeadLetterRow {
  if (record.topic === dlqTopic) return readDeadLetter(record, nowMs);
  // Judged only for the id, by which a record that did reach bronze before is recognised.
  const verdict = judgeRecord(record.value, { sourceKind: sourceKindOf(record), nowMs, canary: "reject" });
  const { eventId, wiki } = identify(verdict);
  const detail = "the mapping gave up";
  return toDeadLetterRow(
    record,
    { stage: "mapping", reason: "retries_exhausted", detail, eventId, wiki, attempts },
    nowMs,
  );
}

function identify(verdict: ReturnType<typeof judgeRecord>): { eventId: string | undefined; wiki: string | undefined } {
  switch (verdict.kind) {
    case "accepted":
      return { eventId: verdict.event.meta.id, wiki: verdict.event.wiki };
    case "rejected":
      return verdict;
    case "dropped":
      return { eventId: undefined, wiki: undefined };
  }
}

function unreadable(key: string, condition: string): LakeError {
  return new LakeError("FAILED_BATCH_WITHOUT_RECORDS", `${key} holds no records (${condition})`, { retriable: false });
}
