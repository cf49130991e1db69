import { createHash } from "node:crypto";
import type { MinuteCount } from "../lib/core/minute-counts.ts";
import type { OpsRecord } from "../lib/core/ops-record.ts";

type GapRow = Extract<OpsRecord, { kind: "feed_gaps" }>["row"];

export type GapFinding = {
  readonly topic: string;
  readonly kind: GapRow["kind"];
  readonly fromMs: number;
  readonly toMs: number;
  readonly detectedMs: number;
  readonly evidence: string;
};

/** A hole in what the source delivered. The id depends on the hole alone: found again after a crash it is the same row. */
export function toGapRecord({ topic, kind, fromMs, toMs, detectedMs, evidence }: GapFinding): OpsRecord {
  const id = createHash("sha256").update(`${topic} ${kind} ${fromMs} ${toMs}`).digest("hex").slice(0, 32);
  const row: GapRow = {
    gap_id: id,
    source: "eventstreams",
    source_topic: topic,
    kind,
    status: "open",
    gap_start: iso(fromMs),
    gap_end: iso(toMs),
    detected_at: iso(detectedMs),
    closed_at: null,
    duration_s: Math.max(0, Math.round((toMs - fromMs) / 1000)),
    expected_events: null,
    missing_events: null,
    recovered_events: null,
    evidence,
    gap_month: iso(fromMs).slice(0, 7),
  };
  return { kind: "feed_gaps", row };
}

export function toMinuteRecord(count: MinuteCount, shimEpoch: string): OpsRecord {
  const { received, canaries, duplicates, acked, rejected } = count;
  const row = {
    minute: iso(count.minuteMs),
    shim_epoch: shimEpoch,
    source_topic: count.topic,
    received,
    canaries,
    duplicates,
    acked,
    rejected,
    max_event_at: isoOrNull(count.maxEventMs),
    log_date: iso(count.minuteMs).slice(0, 10),
  };
  return { kind: "ingest_minutes", row };
}

/** What one connection brought. */
export type SessionCounts = {
  received: number;
  produced: number;
  canaries: number;
  rejected: number;
  firstEventMs: number | undefined;
  lastEventMs: number | undefined;
};

export const emptySession = (): SessionCounts => ({
  received: 0,
  produced: 0,
  canaries: 0,
  rejected: 0,
  firstEventMs: undefined,
  lastEventMs: undefined,
});

export type SessionEnd = {
  readonly sessionId: string;
  readonly shimEpoch: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly closeReason: string;
  readonly httpStatus: number | undefined;
  readonly bytes: number;
  readonly cursorIn: string;
  readonly cursorOut: string;
};

export function toSessionRecord(counts: SessionCounts, end: SessionEnd): OpsRecord {
  const row = {
    session_id: end.sessionId,
    shim_epoch: end.shimEpoch,
    opened_at: iso(end.openedAtMs),
    closed_at: iso(end.closedAtMs),
    first_event_at: isoOrNull(counts.firstEventMs),
    last_event_at: isoOrNull(counts.lastEventMs),
    close_reason: end.closeReason,
    http_status: end.httpStatus ?? null,
    received: counts.received,
    produced: counts.produced,
    canaries: counts.canaries,
    rejected: counts.rejected,
    bytes: end.bytes,
    cursor_in: end.cursorIn,
    cursor_out: end.cursorOut,
    log_date: iso(end.openedAtMs).slice(0, 10),
  };
  return { kind: "feed_sessions", row };
}

/** The last instant that a date can hold; an id of the source is a number of its choosing. */
const maxInstantMs = 253_402_300_799_999;

function iso(ms: number): string {
  return new Date(Math.min(Math.max(0, Math.round(ms)), maxInstantMs)).toISOString();
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}
