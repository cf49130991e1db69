import { createHash } from "node:crypto";
import {
  type BronzeRow,
  bronzeSchemaVersion,
  type DeadLetterRow,
  type DeadLetterStage,
  type EventRow,
} from "../core/bronze-row.ts";
import { maxRawBytes } from "../core/dead-letter.ts";
import type { KafkaRecord } from "../core/kafka-record.ts";
import { recordHeaders } from "../core/record-headers.ts";
import { utcDate, utcHour } from "../core/utc-hour.ts";
import type { RecentChange, RejectReason, SourceKind, Verdict } from "../core/verdict.ts";

/** Milliseconds since the epoch as the shim writes them: 13 digits until 2286. */
const epochMs = /^\d{10,14}$/;

export type Accepted = Extract<Verdict, { kind: "accepted" }>;

/** Why and where a record was refused, as its dead letter tells it. */
export type Refusal = {
  readonly stage: DeadLetterStage;
  readonly reason: RejectReason;
  readonly detail: string;
  readonly eventId: string | undefined;
  readonly wiki: string | undefined;
  readonly attempts: number;
};

/** Header `source_kind`; a record without one came through the live feed, where the age limits hold. */
export function sourceKindOf(record: KafkaRecord): SourceKind {
  return record.headers[recordHeaders.sourceKind] === "replay" ? "replay" : "live";
}

/** The row of a judged record: in = accepted + rejected, and a dropped canary cannot come out of a judge told to reject. */
export function toBronzeRow(record: KafkaRecord, verdict: Verdict, nowMs: number): BronzeRow {
  if (verdict.kind === "accepted") return toEventRow(record, verdict, nowMs);
  const refusal: Omit<Refusal, "stage" | "attempts"> =
    verdict.kind === "dropped"
      ? { reason: "canary_leak", detail: "meta.domain is canary", eventId: undefined, wiki: undefined }
      : verdict;
  return toDeadLetterRow(record, { ...refusal, stage: "bronze_writer", attempts: 1 }, nowMs);
}

/** An accepted event as a row of bronze.raw_events. `nowMs` is the time of staging. */
export function toEventRow(record: KafkaRecord, verdict: Accepted, nowMs: number): EventRow {
  const { event, eventTimestampMs } = verdict;
  const { meta } = event;
  const { date, hour } = utcHour(eventTimestampMs);
  return {
    row_kind: "event",
    event_id: meta.id,
    kafka_topic: record.topic,
    kafka_partition: record.partition,
    kafka_offset: record.offset,
    kafka_timestamp: record.timestampMs,
    rc_id: event.id ?? null,
    event_type: event.type ?? null,
    namespace: event.namespace ?? null,
    domain: meta.domain ?? null,
    title: event.title ?? null,
    title_url: event.title_url ?? null,
    user: event.user ?? null,
    comment: event.comment ?? null,
    wiki: event.wiki ?? null,
    server_name: event.server_name ?? null,
    is_bot: event.bot ?? null,
    length_old: event.length?.old ?? null,
    length_new: event.length?.new ?? null,
    length_delta: lengthDelta(event),
    revision_old: event.revision?.old ?? null,
    revision_new: event.revision?.new ?? null,
    event_timestamp: eventTimestampMs,
    producer_ingested_at: ingestedAt(record),
    bronze_processed_at: nowMs,
    event_date: date,
    event_hour: hour,
    schema_version: bronzeSchemaVersion,
    source_kind: sourceKindOf(record),
    rc_timestamp: event.timestamp === undefined ? null : event.timestamp * 1000,
    is_minor: event.minor ?? null,
    is_patrolled: event.patrolled ?? null,
    request_id: meta.request_id ?? null,
    schema_uri: event.$schema ?? meta.schema_uri ?? null,
    log_id: event.log_id ?? null,
    log_type: event.log_type ?? null,
    log_action: event.log_action ?? null,
    log_params: event.log_params === undefined || event.log_params === null ? null : JSON.stringify(event.log_params),
    source_topic: meta.topic ?? null,
    source_partition: meta.partition ?? null,
    source_offset: meta.offset ?? null,
    ingest_lag_ms: nowMs - eventTimestampMs,
    raw_event: record.value,
  };
}

/** A refused record as a row of bronze.dead_letter, with its bytes. */
export function toDeadLetterRow(record: KafkaRecord, refusal: Refusal, nowMs: number): DeadLetterRow {
  const { value } = record;
  const kept = value.subarray(0, maxRawBytes);
  return {
    row_kind: "dead_letter",
    dead_letter_id: deadLetterId(record),
    received_at: nowMs,
    stage: refusal.stage,
    reason: refusal.reason,
    detail: refusal.detail,
    event_id: refusal.eventId ?? null,
    wiki: refusal.wiki ?? null,
    kafka_topic: record.topic,
    kafka_partition: record.partition,
    kafka_offset: record.offset,
    kafka_timestamp: record.timestampMs,
    raw_base64: Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("base64"),
    raw_bytes: value.length,
    is_truncated: value.length > maxRawBytes,
    attempts: refusal.attempts,
    disposition: "open",
    disposition_at: null,
    dl_date: utcDate(record.timestampMs),
    schema_version: bronzeSchemaVersion,
  };
}

/** Broker time and bytes are in it because a topic made anew starts again at offset 0. */
export function deadLetterId(record: KafkaRecord): string {
  const { topic, partition, offset, timestampMs, value } = record;
  const place = `${topic}/${partition}/${offset}/${timestampMs}\n`;
  return createHash("sha256").update(place).update(value).digest("hex");
}

function lengthDelta({ type, length }: RecentChange): number | null {
  if (length?.new === undefined) return null;
  if (length.old !== undefined) return length.new - length.old;
  return type === "new" ? length.new : null;
}

function ingestedAt(record: KafkaRecord): number | null {
  const text = record.headers[recordHeaders.ingestedAt];
  return text !== undefined && epochMs.test(text) ? Number(text) : null;
}
