import { z } from "zod";
import { rejectReasons } from "./verdict.ts";

/** Above this the raw bytes are cut in the record (data model §3): a dead letter must itself fit on the topic. */
export const maxRawBytes = 65_536;

/** Value of a `dlq-events` record: what was refused, why, and where it came from. Shared by the shim and the writers. */
export const deadLetterRecordSchema = z.strictObject({
  schema_version: z.string(),
  stage: z.enum(["shim", "bronze_writer", "mapping"]),
  reason: z.enum(rejectReasons),
  detail: z.string(),
  event_id: z.string().optional(),
  wiki: z.string().optional(),
  /** Raw bytes, the first 64 KiB when larger. */
  raw_base64: z.string(),
  raw_bytes: z.int().nonnegative(),
  is_truncated: z.boolean(),
  /** The SSE id of the source, as text. */
  source_cursor: z.string().optional(),
  kafka_topic: z.string().optional(),
  kafka_partition: z.int().optional(),
  kafka_offset: z.int().optional(),
  attempts: z.int().nonnegative(),
  /** ISO-8601 UTC. */
  first_seen_at: z.string(),
});
export type DeadLetterRecord = z.infer<typeof deadLetterRecordSchema>;
