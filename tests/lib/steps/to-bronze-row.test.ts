import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { DeadLetterRow, EventRow } from "../../../lib/core/bronze-row.ts";
import { deadLetterRecordSchema } from "../../../lib/core/dead-letter.ts";
import { readDeadLetter } from "../../../lib/steps/read-dead-letter.ts";
import { sourceKindOf, toBronzeRow } from "../../../lib/steps/to-bronze-row.ts";
import type { deadLetterColumns, rawEventsColumns } from "../../../schemas/tables/columns.ts";
import { event, nowMs, record, rowOf } from "../lake/fixtures.ts";

/* Compile-time: a row has exactly its table's columns, but the batch id that staging adds, and row_kind that it drops. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
const eventRowHasItsColumns: Same<
  Exclude<keyof EventRow, "row_kind">,
  Exclude<(typeof rawEventsColumns)[number][0], "batch_id">
> = true;
const deadLetterRowHasItsColumns: Same<
  Exclude<keyof DeadLetterRow, "row_kind">,
  (typeof deadLetterColumns)[number][0]
> = true;

const accepted = (value: Parameters<typeof record>[0], over: Parameters<typeof record>[1] = {}): EventRow => {
  const row = rowOf(record(value, over));
  if (row.row_kind !== "event") throw new Error(`rejected: ${row.reason} ${row.detail}`);
  return row;
};

describe("an accepted event as a row", () => {
  test("has its columns and no others", () => {
    expect([eventRowHasItsColumns, deadLetterRowHasItsColumns]).toEqual([true, true]);
  });

  test("tells where it stood, when it was what, and what it said", () => {
    const row = accepted(event({ id: 3_468_178_587, namespace: -1, bot: true, timestamp: 1_789_616_553 }), {
      partition: 7,
      offset: 6_524_210_942,
      timestampMs: nowMs - 100,
    });
    expect(row).toMatchObject({
      event_id: "e-1",
      kafka_topic: "raw-events",
      kafka_partition: 7,
      kafka_offset: 6_524_210_942,
      kafka_timestamp: nowMs - 100,
      rc_id: 3_468_178_587,
      namespace: -1,
      is_bot: true,
      rc_timestamp: 1_789_616_553_000,
      event_timestamp: Date.UTC(2026, 10, 21, 11, 59, 58, 250),
      event_date: "2026-11-21",
      event_hour: 11,
      producer_ingested_at: nowMs - 50,
      bronze_processed_at: nowMs,
      ingest_lag_ms: 1_750,
      source_kind: "replay",
    });
  });

  test("has NULL for what is absent upstream, never a made-up value", () => {
    const row = accepted({ meta: { id: "x", dt: "2019-01-01T00:00:00+00:00" } });
    const present = Object.entries(row)
      .filter(([, value]) => value !== null)
      .map(([name]) => name);
    expect(present.sort()).toEqual(
      [
        ...["row_kind", "event_id", "kafka_topic", "kafka_partition", "kafka_offset", "kafka_timestamp"],
        ...["event_timestamp", "producer_ingested_at", "bronze_processed_at", "event_date", "event_hour"],
        ...["schema_version", "source_kind", "ingest_lag_ms", "raw_event"],
      ].sort(),
    );
  });

  test.each([
    [{ type: "edit", length: { old: 100, new: 40 } }, -60],
    [{ type: "new", length: { new: 31 } }, 31],
    [{ type: "edit", length: { new: 31 } }, null],
    [{ type: "log" }, null],
    [{ type: "edit", length: { old: 5 } }, null],
  ])("%j has length_delta %p", (fields, delta) => {
    expect(accepted(event(fields)).length_delta).toBe(delta);
  });

  test.each([
    [{ a: 1, filter: "5" }, '{"a":1,"filter":"5"}'],
    [[], "[]"],
    ["text", '"text"'],
    [null, null],
  ])("keeps log_params %j as JSON text", (log_params, text) => {
    expect(accepted(event({ log_params })).log_params).toBe(text);
  });

  test("keeps the text exactly as delivered", () => {
    const text = '{ "meta" : {"id":"x","dt":"2026-11-21T11:00:00Z"},\n "unknown":[1.0,2e3], "title":"\\u0041" }';
    expect(Buffer.from(accepted(text).raw_event).toString()).toBe(text);
  });

  test("takes the feed's own verbatim events", () => {
    const file = join(import.meta.dirname, "../../../../shared/data/eventstreams_verbatim_excerpts.ndjson");
    for (const line of readFileSync(file, "utf8").trim().split("\n"))
      expect(accepted(line).event_id).toBe(JSON.parse(line).meta.id);
  });

  test("is live unless its header says replay, and has no ingestion time from a header that is none", () => {
    expect(sourceKindOf(record("", { headers: {} }))).toBe("live");
    expect(sourceKindOf(record("", { headers: { source_kind: "replay" } }))).toBe("replay");
    const row = accepted(event(), { headers: { source_kind: "replay", ingested_at: "1e3'; --" } });
    expect(row.producer_ingested_at).toBeNull();
  });
});

describe("a refused record as a row", () => {
  test("has its bytes, its reason and its place", () => {
    const bytes = new Uint8Array([123, 255, 0]);
    expect(rowOf(record(bytes, { offset: 5 }))).toMatchObject({
      row_kind: "dead_letter",
      stage: "bronze_writer",
      reason: "invalid_utf8",
      kafka_topic: "raw-events",
      kafka_offset: 5,
      raw_base64: Buffer.from(bytes).toString("base64"),
      raw_bytes: 3,
      is_truncated: false,
      disposition: "open",
      dl_date: "2026-11-21",
      dead_letter_id: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("is cut above 64 KiB and says so", () => {
    const row = rowOf(record("x".repeat(70_000)));
    expect(row).toMatchObject({ raw_bytes: 70_000, is_truncated: true });
    expect(row.row_kind === "dead_letter" && Buffer.from(row.raw_base64, "base64").length).toBe(65_536);
  });

  test("has the same id however often it comes, another at another place, time or with other bytes", () => {
    const ids = [
      record("{"),
      record("{", { offset: 1 }),
      record("{", { partition: 1 }),
      record("{", { timestampMs: 1 }),
      record("["),
    ].map((of) => {
      const row = rowOf(of);
      return row.row_kind === "dead_letter" ? row.dead_letter_id : "";
    });
    expect(new Set(ids).size).toBe(ids.length);
    expect(rowOf(record("{"))).toMatchObject({ dead_letter_id: ids[0] });
  });

  test("a canary that the judge lets drop is a leak on the topic", () => {
    const row = toBronzeRow(record("{}"), { kind: "dropped", reason: "canary", sourceTopic: undefined }, nowMs);
    expect(row).toMatchObject({ row_kind: "dead_letter", reason: "canary_leak" });
  });
});

describe("a record of dlq-events", () => {
  const letter = {
    schema_version: "1.0.0",
    stage: "shim",
    reason: "missing_event_id",
    detail: "meta.id is missing",
    wiki: "enwiki",
    raw_base64: "e30=",
    raw_bytes: 2,
    is_truncated: false,
    attempts: 1,
    first_seen_at: "2026-11-21T11:00:00.000Z",
  };

  test("becomes the row that it tells of, at its own place on dlq-events", () => {
    expect(deadLetterRecordSchema.safeParse(letter).success).toBe(true);
    const row = readDeadLetter(record(letter, { topic: "dlq-events", offset: 4 }), nowMs);
    expect(row).toMatchObject({
      stage: "shim",
      reason: "missing_event_id",
      wiki: "enwiki",
      event_id: null,
      received_at: Date.UTC(2026, 10, 21, 11),
      kafka_topic: "dlq-events",
      kafka_offset: 4,
      raw_base64: "e30=",
    });
  });

  test.each([["{"], ["[]"], [JSON.stringify({ ...letter, reason: "because'; --" })], [new Uint8Array([255])], [""]])(
    "that is no dead letter becomes one itself: %p",
    (value) => {
      const row = readDeadLetter(record(value, { topic: "dlq-events" }), nowMs);
      expect(row).toMatchObject({ stage: "bronze_writer", reason: "type_mismatch", kafka_topic: "dlq-events" });
      expect(row.detail).not.toContain("because");
    },
  );
});
