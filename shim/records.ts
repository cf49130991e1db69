import { createHash } from "node:crypto";
import { type DeadLetterRecord, maxRawBytes } from "../lib/core/dead-letter.ts";
import type { OpsRecord } from "../lib/core/ops-record.ts";
import { recordHeaders } from "../lib/core/record-headers.ts";
import { encodePositions, type Positions } from "../lib/core/source-position.ts";
import type { RecentChange, RejectReason, SourceKind } from "../lib/core/verdict.ts";
import type { Headers, OutRecord } from "../lib/kafka/ports.ts";
import type { ShimConfig } from "./config.ts";

/** Version of the headers and of a dead letter's layout. */
export const recordSchemaVersion = "1.0.0";

/** A key is for order, not for text: a title of a megabyte must not double the record. Real ones have up to 255 bytes. */
const maxKeyChars = 1_024;
const maxHeaderChars = 256;

export type RecordContext = {
  readonly sourceKind: SourceKind;
  readonly shimEpoch: string;
  readonly keyMode: ShimConfig["KEY_MODE"];
};

/** The headers of a batch's last record: who sent it, and how far the source was done with at that moment. */
export function batchStamp(marks: Positions, shimEpoch: string): Headers {
  return {
    [recordHeaders.cursor]: encodePositions(marks),
    [recordHeaders.shimEpoch]: shimEpoch,
    [recordHeaders.schemaVersion]: recordSchemaVersion,
  };
}

/** The record of an accepted event: its bytes untouched, a key that keeps a page's events in order. */
export function toRawRecord(
  event: RecentChange,
  value: Buffer,
  nowMs: number,
  { keyMode, sourceKind }: Pick<RecordContext, "keyMode" | "sourceKind">,
): OutRecord {
  const headers: Record<string, string> = {
    [recordHeaders.ingestedAt]: String(nowMs),
    [recordHeaders.sourceKind]: sourceKind,
  };
  if (event.wiki !== undefined) headers[recordHeaders.wiki] = event.wiki.slice(0, maxHeaderChars);
  if (event.type !== undefined) headers[recordHeaders.eventType] = event.type.slice(0, maxHeaderChars);
  return { key: Buffer.from(keyOf(event, keyMode).slice(0, maxKeyChars), "utf8"), value, headers };
}

function keyOf({ meta, wiki, title, server_name: serverName }: RecentChange, mode: ShimConfig["KEY_MODE"]): string {
  if (mode === "page" && wiki !== undefined && title !== undefined) return `${wiki}:${title}`;
  if (mode === "server_name" && serverName !== undefined) return serverName;
  return meta.id;
}

export type Refusal = {
  readonly reason: RejectReason;
  readonly detail: string;
  readonly eventId: string | undefined;
  readonly wiki: string | undefined;
  /** The bytes, or the first of them. */
  readonly data: Buffer;
  readonly bytes: number;
  readonly cursorText: string | undefined;
};

/** SSE ids have some 150 characters; a longer one is not the source's. */
const maxCursorChars = 2_000;

/** The record of a refused event for `dlq-events`. */
export function toDeadLetter(refusal: Refusal, nowMs: number): OutRecord {
  const raw = refusal.data.subarray(0, maxRawBytes);
  const letter: DeadLetterRecord = {
    schema_version: recordSchemaVersion,
    stage: "shim",
    reason: refusal.reason,
    detail: refusal.detail,
    ...(refusal.eventId === undefined ? {} : { event_id: refusal.eventId }),
    ...(refusal.wiki === undefined ? {} : { wiki: refusal.wiki }),
    raw_base64: raw.toString("base64"),
    raw_bytes: refusal.bytes,
    is_truncated: raw.length < refusal.bytes,
    ...(refusal.cursorText === undefined ? {} : { source_cursor: refusal.cursorText.slice(0, maxCursorChars) }),
    attempts: 1,
    first_seen_at: new Date(nowMs).toISOString(),
  };
  const key = refusal.eventId ?? hashOf(refusal.data);
  return { key: Buffer.from(key, "utf8"), value: Buffer.from(JSON.stringify(letter), "utf8"), headers: {} };
}

export function hashOf(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The record of an ops row: keyed by kind, so that a kind's rows stay in order. */
export function toOpsOutRecord(record: OpsRecord): OutRecord {
  return { key: Buffer.from(record.kind), value: Buffer.from(JSON.stringify(record), "utf8"), headers: {} };
}
