/**
 * The columns of the tables this project writes, as its writers know them. The DDL beside this file is what Athena is
 * given; a contract test holds the two, the stage objects and the Glue stage tables (stage/*.json) together.
 */
export type ColumnType = "string" | "int" | "bigint" | "double" | "boolean" | "timestamp";
export type Column = readonly [name: string, type: ColumnType];
export type Columns = readonly Column[];

export const rawEventsColumns = [
  ["event_id", "string"],
  ["kafka_topic", "string"],
  ["kafka_partition", "int"],
  ["kafka_offset", "bigint"],
  ["kafka_timestamp", "timestamp"],
  ["rc_id", "bigint"],
  ["event_type", "string"],
  ["namespace", "int"],
  ["domain", "string"],
  ["title", "string"],
  ["title_url", "string"],
  ["user", "string"],
  ["comment", "string"],
  ["wiki", "string"],
  ["server_name", "string"],
  ["is_bot", "boolean"],
  ["length_old", "int"],
  ["length_new", "int"],
  ["length_delta", "int"],
  ["revision_old", "bigint"],
  ["revision_new", "bigint"],
  ["event_timestamp", "timestamp"],
  ["producer_ingested_at", "timestamp"],
  ["bronze_processed_at", "timestamp"],
  ["event_date", "string"],
  ["event_hour", "int"],
  ["schema_version", "string"],
  ["source_kind", "string"],
  ["rc_timestamp", "timestamp"],
  ["is_minor", "boolean"],
  ["is_patrolled", "boolean"],
  ["request_id", "string"],
  ["schema_uri", "string"],
  ["log_id", "bigint"],
  ["log_type", "string"],
  ["log_action", "string"],
  ["log_params", "string"],
  ["source_topic", "string"],
  ["source_partition", "int"],
  ["source_offset", "bigint"],
  ["ingest_lag_ms", "bigint"],
  ["batch_id", "string"],
  ["raw_event", "string"],
] as const satisfies Columns;

export const deadLetterColumns = [
  ["dead_letter_id", "string"],
  ["received_at", "timestamp"],
  ["stage", "string"],
  ["reason", "string"],
  ["detail", "string"],
  ["event_id", "string"],
  ["wiki", "string"],
  ["kafka_topic", "string"],
  ["kafka_partition", "int"],
  ["kafka_offset", "bigint"],
  ["kafka_timestamp", "timestamp"],
  ["raw_base64", "string"],
  ["raw_bytes", "bigint"],
  ["is_truncated", "boolean"],
  ["attempts", "int"],
  ["disposition", "string"],
  ["disposition_at", "timestamp"],
  ["dl_date", "string"],
  ["schema_version", "string"],
] as const satisfies Columns;

export const feedSessionsColumns = [
  ["session_id", "string"],
  ["shim_epoch", "string"],
  ["opened_at", "timestamp"],
  ["closed_at", "timestamp"],
  ["first_event_at", "timestamp"],
  ["last_event_at", "timestamp"],
  ["close_reason", "string"],
  ["http_status", "int"],
  ["received", "bigint"],
  ["produced", "bigint"],
  ["canaries", "bigint"],
  ["rejected", "bigint"],
  ["bytes", "bigint"],
  ["cursor_in", "string"],
  ["cursor_out", "string"],
  ["log_date", "string"],
] as const satisfies Columns;

export const ingestMinutesColumns = [
  ["minute", "timestamp"],
  ["shim_epoch", "string"],
  ["source_topic", "string"],
  ["received", "bigint"],
  ["canaries", "bigint"],
  ["duplicates", "bigint"],
  ["acked", "bigint"],
  ["rejected", "bigint"],
  ["max_event_at", "timestamp"],
  ["log_date", "string"],
] as const satisfies Columns;

export const feedGapsColumns = [
  ["gap_id", "string"],
  ["source", "string"],
  ["source_topic", "string"],
  ["kind", "string"],
  ["status", "string"],
  ["gap_start", "timestamp"],
  ["gap_end", "timestamp"],
  ["detected_at", "timestamp"],
  ["closed_at", "timestamp"],
  ["duration_s", "bigint"],
  ["expected_events", "bigint"],
  ["missing_events", "bigint"],
  ["recovered_events", "bigint"],
  ["evidence", "string"],
  ["gap_month", "string"],
] as const satisfies Columns;

export const pipelineRunsColumns = [
  ["run_id", "string"],
  ["cycle_id", "string"],
  ["stage", "string"],
  ["job_run_id", "string"],
  ["trigger", "string"],
  ["status", "string"],
  ["mode", "string"],
  ["error", "string"],
  ["input_snapshot_from", "bigint"],
  ["input_snapshot_to", "bigint"],
  ["output_snapshot", "bigint"],
  ["rows_in", "bigint"],
  ["rows_out", "bigint"],
  ["rows_quarantined", "bigint"],
  ["valid_through", "timestamp"],
  ["started_at", "timestamp"],
  ["ended_at", "timestamp"],
  ["vcpu_hours", "double"],
  ["memory_gb_hours", "double"],
  ["bytes_scanned", "double"],
  ["log_date", "string"],
] as const satisfies Columns;

export const alertsColumns = [
  ["alert_id", "string"],
  ["rule", "string"],
  ["dedupe_key", "string"],
  ["severity", "string"],
  ["state", "string"],
  ["channels", "string"],
  ["subject", "string"],
  ["body", "string"],
  ["log_date", "string"],
  ["occurred_at", "timestamp"],
  ["suppressed_count", "bigint"],
] as const satisfies Columns;

export const trafficColumns = [
  ["window_start", "timestamp"],
  ["window_end", "timestamp"],
  ["server_name", "string"],
  ["language", "string"],
  ["project", "string"],
  ["region", "string"],
  ["event_count", "bigint"],
  ["total_bytes", "bigint"],
  ["bytes_added", "bigint"],
  ["bytes_removed", "bigint"],
  ["bot_events", "bigint"],
  ["human_events", "bigint"],
  ["edit_events", "bigint"],
  ["new_events", "bigint"],
  ["log_events", "bigint"],
  ["minor_flagged", "bigint"],
  ["severity_minor", "bigint"],
  ["severity_moderate", "bigint"],
  ["severity_major", "bigint"],
  ["anonymous_events", "bigint"],
  ["unique_users", "bigint"],
  ["computed_at", "timestamp"],
  ["window_date", "string"],
] as const satisfies Columns;

export const namespaceCountsColumns = [
  ["window_start", "timestamp"],
  ["namespace", "int"],
  ["event_count", "bigint"],
  ["computed_at", "timestamp"],
  ["window_date", "string"],
] as const satisfies Columns;

export const userEditCountsColumns = [
  ["window_start", "timestamp"],
  ["window_end", "timestamp"],
  ["user_name", "string"],
  ["edit_count", "bigint"],
  ["created_at", "timestamp"],
  ["edit_count_all", "bigint"],
  ["bytes_changed", "bigint"],
  ["wiki_count", "bigint"],
  ["user_kind", "string"],
  ["is_bot", "boolean"],
  ["window_date", "string"],
] as const satisfies Columns;

export const pageEditCountsColumns = [
  ["window_start", "timestamp"],
  ["window_end", "timestamp"],
  ["wiki", "string"],
  ["server_name", "string"],
  ["title", "string"],
  ["namespace", "int"],
  ["edit_count", "bigint"],
  ["unique_users", "bigint"],
  ["bytes_changed", "bigint"],
  ["net_bytes", "bigint"],
  ["computed_at", "timestamp"],
  ["window_date", "string"],
] as const satisfies Columns;

export const blacklistHitsColumns = [
  ["event_id", "string"],
  ["term_id", "string"],
  ["field", "string"],
  ["wiki", "string"],
  ["title", "string"],
  ["user_normalized", "string"],
  ["excerpt", "string"],
  ["event_timestamp", "timestamp"],
  ["detected_at", "timestamp"],
  ["severity", "string"],
  ["hit_date", "string"],
] as const satisfies Columns;

const rawEventsNames: ReadonlySet<string> = new Set(rawEventsColumns.map(([name]) => name));

/**
 * A staged batch is one object of both kinds of rows (docs/decisions/stage-object.md): what both tables have once,
 * then what only a dead letter has. `row_kind` says which table a row is for: `event` or `dead_letter`.
 */
export const stageRawEventsColumns: Columns = [
  ["row_kind", "string"],
  ...rawEventsColumns,
  ...deadLetterColumns.filter(([name]) => !rawEventsNames.has(name)),
];

/** Stage tables by name; each is partitioned by `batch` (string, injected projection) at `stage/<name>/batch=<id>/`. */
export const stageTables = {
  raw_events: stageRawEventsColumns,
  feed_sessions: feedSessionsColumns,
  ingest_minutes: ingestMinutesColumns,
  feed_gaps: feedGapsColumns,
  pipeline_runs: pipelineRunsColumns,
  alerts: alertsColumns,
} as const satisfies Readonly<Record<string, Columns>>;
export type StageTable = keyof typeof stageTables;
