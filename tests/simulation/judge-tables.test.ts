import { describe, expect, test } from "@jest/globals";
import type { TableRow } from "./fake-athena.ts";
import type { LogRecord } from "./fake-broker.ts";
import { judgeTables } from "./judge-tables.ts";

const minuteMs = 60_000;

/** A record of raw-events at partition 0, offset 0, appended so many minutes after the first. */
function record(id: string, minutes = 0, over: Partial<LogRecord> = {}): LogRecord {
  return {
    topic: "raw-events",
    partition: 0,
    offset: 0,
    timestampMs: minutes * minuteMs,
    value: Buffer.from(`{"meta":{"id":"${id}"}}`),
    headers: {},
    from: "shim-1",
    ...over,
  };
}

function rowOf({ topic, partition, offset, timestampMs, value }: LogRecord, over: TableRow = {}): TableRow {
  return {
    row_kind: "event",
    event_id: JSON.parse(value.toString()).meta?.id ?? null,
    kafka_topic: topic,
    kafka_partition: partition,
    kafka_offset: offset,
    kafka_timestamp: timestampMs,
    ...over,
  };
}

const deadRowOf = (of: LogRecord, over: TableRow = {}): TableRow =>
  rowOf(of, { row_kind: "dead_letter", raw_base64: of.value.toString("base64"), ...over });

function judge(records: readonly LogRecord[], rows: readonly TableRow[], failures = 0): string[] {
  const problems: string[] = [];
  const isEvent = (row: TableRow): boolean => row["row_kind"] === "event";
  const bronze = {
    tables: { raw_events: rows.filter(isEvent), dead_letter: rows.filter((row) => !isEvent(row)) },
    rowsAt: (topic: string, partition: number, offset: number) =>
      rows.filter(
        (row) => row["kafka_topic"] === topic && row["kafka_partition"] === partition && row["kafka_offset"] === offset,
      ),
    failedAlone: new Map([["raw-events/0/0", failures]]),
  };
  judgeTables(records, bronze, (text) => void problems.push(text));
  return problems;
}

describe("the judge of the tables", () => {
  const first = record("a");
  /** The same event at the same place, after the topic was made anew. */
  const twin = record("a", 35);

  test("is content with one row for each record, in either table", () => {
    const other = record("b", 0, { offset: 1 });
    expect(judge([first, other], [rowOf(first), deadRowOf(other)])).toEqual([]);
  });

  test("finds a lost record, a doubled one, and one that is in both tables", () => {
    expect(judge([first], [])).toEqual(["raw-events/0/0 is there 0 times"]);
    expect(judge([first], [rowOf(first), rowOf(first)])).toEqual(["raw-events/0/0 is there 2 times"]);
    expect(judge([first], [rowOf(first), deadRowOf(first)])).toEqual(["raw-events/0/0 is there 2 times"]);
  });

  test("takes one row for twins, or one for each of the two, and never two for one", () => {
    expect(judge([first, twin], [rowOf(first)])).toEqual([]);
    expect(judge([first, twin], [rowOf(twin)])).toEqual([]);
    expect(judge([first, twin], [rowOf(first), deadRowOf(twin)])).toEqual([]);
    expect(judge([first, twin], [rowOf(twin), rowOf(twin)])).toEqual(["raw-events/0/0 is there 2 times"]);
    expect(judge([first, twin], [rowOf(first), rowOf(twin), deadRowOf(twin)])).toEqual([
      "raw-events/0/0 is there 2 times",
    ]);
  });

  test("finds a row that is nobody's, also where a twin could make up the number", () => {
    const stray = rowOf(record("c", 0, { offset: 7 }));
    expect(judge([first, twin], [rowOf(first), stray])).toEqual(["there is a row of no record at 0/7"]);
    expect(judge([first], [rowOf(first), rowOf(record("c"))])).toEqual(["there is a row of no record at 0/0"]);
  });

  test("finds a row with another record's time or bytes", () => {
    expect(judge([first], [rowOf(record("a", 1))])).toEqual(["raw-events/0/0 has a row of something else"]);
    expect(judge([first], [deadRowOf(first, { raw_base64: "" })])).toEqual([
      "raw-events/0/0 has a row of something else",
    ]);
  });

  test("finds a record that was given up although it could be written", () => {
    const givenUp = deadRowOf(first, { reason: "retries_exhausted", stage: "bronze_writer" });
    expect(judge([first], [givenUp], 1)).toEqual(["raw-events/0/0 is a dead letter without a cause"]);
    expect(judge([first], [givenUp], 2)).toEqual([]);
    const poison = record("a", 0, { value: Buffer.from(`{"meta":{"id":"a"},"title":"Poison"}`) });
    expect(judge([poison], [deadRowOf(poison, { reason: "retries_exhausted", stage: "bronze_writer" })])).toEqual([]);
  });
});
