import type { RejectReason, SourceKind } from "./verdict.ts";

/** Version of the row layout of both bronze tables; a column added raises the minor number. */
export const bronzeSchemaVersion = "1.0.0";

/** Milliseconds since the epoch; the column is a timestamp without zone, always UTC. */
type Instant = number;

/** What every bronze row has: where its record stood. */
type RecordCoordinates = {
  readonly kafka_topic: string;
  readonly kafka_partition: number;
  readonly kafka_offset: number;
  readonly kafka_timestamp: Instant;
  readonly schema_version: string;
};

/** A row for bronze.raw_events; property names are column names. `batch_id` is added when the batch is staged. */
export type EventRow = RecordCoordinates & {
  readonly row_kind: "event";
  readonly event_id: string;
  readonly rc_id: number | null;
  readonly event_type: string | null;
  readonly namespace: number | null;
  readonly domain: string | null;
  readonly title: string | null;
  readonly title_url: string | null;
  readonly user: string | null;
  readonly comment: string | null;
  readonly wiki: string | null;
  readonly server_name: string | null;
  readonly is_bot: boolean | null;
  readonly length_old: number | null;
  readonly length_new: number | null;
  readonly length_delta: number | null;
  readonly revision_old: number | null;
  readonly revision_new: number | null;
  readonly event_timestamp: Instant;
  readonly producer_ingested_at: Instant | null;
  readonly bronze_processed_at: Instant;
  /** UTC, `YYYY-MM-DD`. */
  readonly event_date: string;
  readonly event_hour: number;
  readonly source_kind: SourceKind;
  readonly rc_timestamp: Instant | null;
  readonly is_minor: boolean | null;
  readonly is_patrolled: boolean | null;
  readonly request_id: string | null;
  readonly schema_uri: string | null;
  readonly log_id: number | null;
  readonly log_type: string | null;
  readonly log_action: string | null;
  readonly log_params: string | null;
  readonly source_topic: string | null;
  readonly source_partition: number | null;
  readonly source_offset: number | null;
  readonly ingest_lag_ms: number;
  /** The record's value itself: UTF-8 text that was never decoded. */
  readonly raw_event: Uint8Array;
};

export type DeadLetterStage = "shim" | "bronze_writer" | "mapping";

/** A row for bronze.dead_letter. */
export type DeadLetterRow = RecordCoordinates & {
  readonly row_kind: "dead_letter";
  readonly dead_letter_id: string;
  readonly received_at: Instant;
  readonly stage: DeadLetterStage;
  readonly reason: RejectReason;
  readonly detail: string;
  readonly event_id: string | null;
  readonly wiki: string | null;
  readonly raw_base64: string;
  readonly raw_bytes: number;
  readonly is_truncated: boolean;
  readonly attempts: number;
  readonly disposition: "open";
  readonly disposition_at: Instant | null;
  /** UTC date of the record's broker time, `YYYY-MM-DD`. */
  readonly dl_date: string;
};

export type BronzeRow = EventRow | DeadLetterRow;
