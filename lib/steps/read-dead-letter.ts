import { bronzeSchemaVersion, type DeadLetterRow } from "../core/bronze-row.ts";
import { type DeadLetterRecord, deadLetterRecordSchema } from "../core/dead-letter.ts";
import type { KafkaRecord } from "../core/kafka-record.ts";
import { utcDate } from "../core/utc-hour.ts";
import { deadLetterId, toDeadLetterRow } from "./to-bronze-row.ts";

/** Changes when a dlq record could become another row than before. */
export const deadLetterReaderVersion = "dlq-1";

/**
 * A record of dlq-events as a row. One that does not read as a dead letter becomes a dead letter itself: a bad record
 * never vanishes because it was reported badly.
 */
export function readDeadLetter(record: KafkaRecord, nowMs: number): DeadLetterRow {
  const parsed = deadLetterRecordSchema.safeParse(parseJson(record.value));
  if (parsed.success) return toRow(record, parsed.data, nowMs);
  const fields = parsed.error.issues.map(({ path }) => path.join(".")).filter((path) => path !== "");
  const detail = fields.length === 0 ? "no dead letter" : `no dead letter: ${fields.join(", ")}`;
  const refusal = { stage: "bronze_writer", reason: "type_mismatch", eventId: undefined, wiki: undefined } as const;
  return toDeadLetterRow(record, { ...refusal, detail: detail.slice(0, maxDetailChars), attempts: 1 }, nowMs);
}

const maxDetailChars = 200;

function toRow(record: KafkaRecord, letter: DeadLetterRecord, nowMs: number): DeadLetterRow {
  const firstSeen = Date.parse(letter.first_seen_at);
  return {
    row_kind: "dead_letter",
    dead_letter_id: deadLetterId(record),
    received_at: Number.isNaN(firstSeen) ? nowMs : firstSeen,
    stage: letter.stage,
    reason: letter.reason,
    detail: `${letter.detail}${origin(letter)}`,
    event_id: letter.event_id ?? null,
    wiki: letter.wiki ?? null,
    // The record's own place, not that of what it reports: one identity for every row of the table.
    kafka_topic: record.topic,
    kafka_partition: record.partition,
    kafka_offset: record.offset,
    kafka_timestamp: record.timestampMs,
    raw_base64: letter.raw_base64,
    raw_bytes: letter.raw_bytes,
    is_truncated: letter.is_truncated,
    attempts: letter.attempts,
    disposition: "open",
    disposition_at: null,
    dl_date: utcDate(record.timestampMs),
    schema_version: bronzeSchemaVersion,
  };
}

function origin({ kafka_topic, kafka_partition, kafka_offset }: DeadLetterRecord): string {
  return kafka_topic === undefined ? "" : ` (from ${kafka_topic}/${kafka_partition ?? "?"}/${kafka_offset ?? "?"})`;
}

/** undefined for what is no JSON; no JSON text has that value. */
function parseJson(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8"));
  } catch {
    return undefined;
  }
}
