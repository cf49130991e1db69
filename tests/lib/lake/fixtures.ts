import type { BronzeRow } from "../../../lib/core/bronze-row.ts";
import type { KafkaRecord } from "../../../lib/core/kafka-record.ts";
import type { BatchFacts } from "../../../lib/lake/batch-facts.ts";
import type { PendingBatch } from "../../../lib/lake/pending.ts";
import { judgeRecord } from "../../../lib/steps/judge-record.ts";
import { toBronzeRow } from "../../../lib/steps/to-bronze-row.ts";

export const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);

type Json = { readonly [key: string]: unknown };

/** A record of raw-events with the given event, or the given bytes. */
export function record(value: Json | Uint8Array | string, over: Partial<KafkaRecord> = {}): KafkaRecord {
  const bytes =
    value instanceof Uint8Array
      ? value
      : Buffer.from(typeof value === "string" ? value : JSON.stringify(value), "utf8");
  return {
    topic: "raw-events",
    partition: 0,
    offset: 0,
    timestampMs: nowMs,
    headers: { source_kind: "replay", ingested_at: String(nowMs - 50) },
    value: bytes,
    ...over,
  };
}

export function event(over: Json = {}): Json {
  return {
    meta: { id: "e-1", dt: "2026-11-21T11:59:58.250Z", domain: "en.wikipedia.org" },
    wiki: "enwiki",
    type: "edit",
    ...over,
  };
}

/** The row that the writer makes of a record. */
export function rowOf(of: KafkaRecord): BronzeRow {
  return toBronzeRow(of, judgeRecord(of.value, { sourceKind: "replay", nowMs, canary: "reject" }), nowMs);
}

export function facts(over: Partial<BatchFacts> = {}): BatchFacts {
  return {
    version: 1,
    id: "a".repeat(64),
    topic: "raw-events",
    ranges: [{ partition: 0, first: 0, last: 9 }],
    brokerDates: ["2026-11-21"],
    brokerFromMs: nowMs,
    brokerToMs: nowMs + 1000,
    tables: { raw_events: { rows: 10, partitions: ["2026-11-21/11"] }, dead_letter: { rows: 0, partitions: [] } },
    stagedAtMs: nowMs,
    ...over,
  };
}

export function pending(over: Partial<PendingBatch> & { readonly facts?: BatchFacts } = {}): PendingBatch {
  const of = over.facts ?? facts();
  const table = over.table ?? "raw_events";
  return { marker: `${of.id}.${table}`, table, sinceMs: nowMs, ...over, facts: of };
}
