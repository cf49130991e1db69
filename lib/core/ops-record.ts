import { z } from "zod";

/**
 * Rows of the ops ledgers as they travel on `ops-events` (shim) and as objects under `ops-inbox/<kind>/` (everyone else).
 * Column names and types are those of the tables (data model §5.6); timestamps are ISO-8601 UTC text with milliseconds.
 */
const timestamp = z.iso.datetime({ precision: 3 });
const day = z.iso.date();
const count = z.int().nonnegative();
/** Iceberg's snapshot ids are random 63-bit numbers, which JSON's doubles cannot hold: they travel as decimal text. */
const snapshotId = z.string().regex(/^\d{1,19}$/);

export const feedSessionSchema = z.strictObject({
  session_id: z.string(),
  shim_epoch: z.string(),
  opened_at: timestamp,
  closed_at: timestamp,
  first_event_at: timestamp.nullable(),
  last_event_at: timestamp.nullable(),
  close_reason: z.string(),
  http_status: z.int().nullable(),
  received: count,
  produced: count,
  canaries: count,
  rejected: count,
  bytes: count,
  cursor_in: z.string().nullable(),
  cursor_out: z.string().nullable(),
  log_date: day,
});

/** Invariant, checked by the writer: received = canaries + duplicates + acked + rejected. */
export const ingestMinuteSchema = z
  .strictObject({
    minute: timestamp,
    shim_epoch: z.string(),
    source_topic: z.string(),
    received: count,
    canaries: count,
    duplicates: count,
    acked: count,
    rejected: count,
    max_event_at: timestamp.nullable(),
    log_date: day,
  })
  .refine((row) => row.received === row.canaries + row.duplicates + row.acked + row.rejected, {
    message: "received must equal canaries + duplicates + acked + rejected",
  });

export const feedGapSchema = z.strictObject({
  gap_id: z.string(),
  source: z.enum(["eventstreams", "kafka", "bronze"]),
  source_topic: z.string(),
  kind: z.enum([
    "disconnect",
    "retention",
    "silence",
    "invalid_cursor",
    "switchover",
    "offset_hole",
    "rate_drop",
    "reconcile_missing",
  ]),
  status: z.enum(["open", "recovered", "lost"]),
  gap_start: timestamp,
  gap_end: timestamp.nullable(),
  detected_at: timestamp,
  closed_at: timestamp.nullable(),
  duration_s: count.nullable(),
  expected_events: count.nullable(),
  missing_events: count.nullable(),
  recovered_events: count.nullable(),
  evidence: z.string(),
  gap_month: z.string().regex(/^\d{4}-\d{2}$/),
});

export const pipelineRunSchema = z.strictObject({
  run_id: z.string(),
  cycle_id: z.string(),
  stage: z.enum(["bronze_dq", "silver", "silver_dq", "gold", "gold_dq", "live", "maintenance"]),
  job_run_id: z.string().nullable(),
  trigger: z.string(),
  status: z.enum(["STARTED", "PUBLISHED", "FAILED", "HELD", "NOOP", "CANCELLED"]),
  mode: z.enum(["live", "catchup", "replay"]).nullable(),
  error: z.string().nullable(),
  input_snapshot_from: snapshotId.nullable(),
  input_snapshot_to: snapshotId.nullable(),
  output_snapshot: snapshotId.nullable(),
  rows_in: count.nullable(),
  rows_out: count.nullable(),
  rows_quarantined: count.nullable(),
  valid_through: timestamp.nullable(),
  started_at: timestamp,
  ended_at: timestamp.nullable(),
  vcpu_hours: z.number().nullable(),
  memory_gb_hours: z.number().nullable(),
  bytes_scanned: z.number().nullable(),
  log_date: day,
});

export const alertSchema = z.strictObject({
  alert_id: z.string(),
  rule: z.string().regex(/^A-\d{2}$/),
  dedupe_key: z.string(),
  severity: z.enum(["INFO", "WARNING", "CRITICAL"]),
  state: z.enum(["firing", "repeated", "suppressed", "resolved"]),
  channels: z.string(),
  subject: z.string(),
  body: z.string(),
  log_date: day,
  occurred_at: timestamp,
  suppressed_count: count,
});

/** One ops record: its kind names the table. */
export const opsRecordSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("feed_sessions"), row: feedSessionSchema }),
  z.strictObject({ kind: z.literal("ingest_minutes"), row: ingestMinuteSchema }),
  z.strictObject({ kind: z.literal("feed_gaps"), row: feedGapSchema }),
  z.strictObject({ kind: z.literal("pipeline_runs"), row: pipelineRunSchema }),
  z.strictObject({ kind: z.literal("alerts"), row: alertSchema }),
]);
export type OpsRecord = z.infer<typeof opsRecordSchema>;
export type OpsKind = OpsRecord["kind"];
