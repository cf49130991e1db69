import type { BatchEntry } from "../../lib/core/batch.ts";
import type { DeadLetterRow } from "../../lib/core/bronze-row.ts";
import type { KafkaRecord } from "../../lib/core/kafka-record.ts";
import { type PartialFailures, parseMskEvent, partialFailures } from "../../lib/core/msk-event.ts";
import { commitBronze } from "../../lib/lake/commit-bronze.ts";
import { judgeRecord } from "../../lib/steps/judge-record.ts";
import { sourceKindOf, toBronzeRow, toDeadLetterRow } from "../../lib/steps/to-bronze-row.ts";
import type { BronzeWriterDeps } from "./deps.ts";

/**
 * One Kafka batch: every record is judged, staged and committed, or reported as failed so that it comes again.
 * in = accepted + rejected; what is acknowledged is in bronze.raw_events or in bronze.dead_letter.
 */
export async function writeBronze(
  deps: BronzeWriterDeps,
  event: unknown,
  deadlineMs: number,
): Promise<PartialFailures> {
  const records = parseMskEvent(event);
  const nowMs = deps.clock.now();
  const entries = records.map((record) => judge(record, nowMs));
  const failed: KafkaRecord[] = [];
  // A mapping reads one topic; a batch id names one.
  for (const topic of new Set(records.map((record) => record.topic))) {
    const ofTopic = entries.filter(({ record }) => record.topic === topic);
    failed.push(...(await commitBronze(deps, ofTopic, deadlineMs)).map(({ record }) => record));
  }
  report(deps, entries, failed.length);
  return partialFailures(failed);
}

function judge(record: KafkaRecord, nowMs: number): BatchEntry {
  const verdict = judgeRecord(record.value, { sourceKind: sourceKindOf(record), nowMs, canary: "reject" });
  return { record, row: toBronzeRow(record, verdict, nowMs) };
}

type PoisonReason = "type_mismatch" | "retries_exhausted";
const poisonDetails: Readonly<Record<PoisonReason, string>> = {
  type_mismatch: "a value fits no column",
  retries_exhausted: "every statement with this record failed",
};

/** The dead letter of a record that was accepted and cannot be stored. */
export function toPoisonRow({ record, row }: BatchEntry, reason: PoisonReason, nowMs: number): DeadLetterRow {
  const refusal = {
    stage: "bronze_writer",
    reason,
    detail: poisonDetails[reason],
    eventId: row.event_id ?? undefined,
    wiki: row.wiki ?? undefined,
    attempts: 1,
  } as const;
  return toDeadLetterRow(record, refusal, nowMs);
}

function report({ log, metrics }: BronzeWriterDeps, entries: readonly BatchEntry[], uncommitted: number): void {
  const reasons = new Map<string, number>();
  for (const { row } of entries) {
    if (row.row_kind === "dead_letter") reasons.set(row.reason, (reasons.get(row.reason) ?? 0) + 1);
  }
  const rejected = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  log.info("batch-done", { records: entries.length, rejected, uncommitted });
  metrics.put([
    { name: "RecordsReceived", value: entries.length, unit: "Count" },
    { name: "RecordsAccepted", value: entries.length - rejected, unit: "Count" },
    { name: "RecordsUncommitted", value: uncommitted, unit: "Count" },
  ]);
  for (const [reason, value] of reasons) metrics.put([{ name: "RecordsRejected", value, unit: "Count" }], { reason });
}
