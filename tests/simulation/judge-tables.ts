import { commitPolicy } from "../../lib/lake/commit-policy.ts";
import type { FakeAthena, TableRow } from "./fake-athena.ts";
import type { LogRecord } from "./fake-broker.ts";
import { poisonTitle } from "./scenario.ts";

type Bronze = Pick<FakeAthena, "tables" | "rowsAt" | "failedAlone">;

/**
 * Each record is exactly one row of one table, that row is its own, and there is no other row. In a topic made anew the
 * same event may come to the same place again: then one row is enough, and one for each of the two is right as well.
 */
export function judgeTables(history: readonly LogRecord[], bronze: Bronze, problem: (text: string) => void): void {
  const records = history.filter(({ topic }) => topic !== "ops-events");
  const owners = new Map<string, LogRecord[]>();
  for (const record of records) owners.set(identityOf(record), [...(owners.get(identityOf(record)) ?? []), record]);
  for (const twins of owners.values()) judgeRecord(twins, bronze, problem);
  const known = new Set([...owners.values()].flatMap((twins) => twins.flatMap((twin) => rowsOf(bronze, twin))));
  for (const row of [...bronze.tables.raw_events, ...bronze.tables.dead_letter]) {
    if (!known.has(row)) problem(`there is a row of no record at ${row["kafka_partition"]}/${row["kafka_offset"]}`);
  }
}

/** Records that are one and the same event at one and the same place: nearly always one. */
function judgeRecord(twins: readonly LogRecord[], bronze: Bronze, problem: (text: string) => void): void {
  const [record] = twins;
  if (record === undefined) return;
  const place = placeOf(record);
  const rows = rowsOf(bronze, record);
  if (rows.length === 0) problem(`${place} is there 0 times`);
  for (const row of rows) {
    const owner = twins.find(({ timestampMs }) => timestampMs === row["kafka_timestamp"]);
    if (owner === undefined || !isRowOf(row, owner)) problem(`${place} has a row of something else`);
    else if (isDeadWithoutCause(row, owner, bronze)) problem(`${place} is a dead letter without a cause`);
  }
  const times = new Set(rows.map((row) => row["kafka_timestamp"])).size;
  if (times < rows.length) problem(`${place} is there ${rows.length - times + 1} times`);
}

/** Rows of one record, and of its twin: which of the two a row is for, its broker's time says. */
export function rowsOf(bronze: Pick<Bronze, "rowsAt">, record: LogRecord): readonly TableRow[] {
  const id = eventIdOf(record);
  return bronze
    .rowsAt(record.topic, record.partition, record.offset)
    .filter((row) => (id === undefined ? row["kafka_timestamp"] === record.timestampMs : row["event_id"] === id));
}

function identityOf(record: LogRecord): string {
  return `${placeOf(record)} ${eventIdOf(record) ?? record.timestampMs}`;
}

export function placeOf({ topic, partition, offset }: LogRecord): string {
  return `${topic}/${partition}/${offset}`;
}

function eventIdOf({ topic, value }: LogRecord): string | undefined {
  const json = JSON.parse(value.toString());
  return topic === "dlq-events" ? json.event_id : json.meta.id;
}

function isRowOf(row: TableRow, record: LogRecord): boolean {
  const { topic, value } = record;
  if (row["row_kind"] === "event") return topic === "raw-events" && row["event_id"] === eventIdOf(record);
  const text = topic === "dlq-events" ? JSON.parse(value.toString()).raw_base64 : value.toString("base64");
  return row["raw_base64"] === text;
}

/** The writer gives a record up only when it cannot be written, or when it has failed alone often enough. */
function isDeadWithoutCause(row: TableRow, record: LogRecord, { failedAlone }: Bronze): boolean {
  if (row["reason"] !== "retries_exhausted" || row["stage"] !== "bronze_writer") return false;
  if (record.value.includes(poisonTitle)) return false;
  return (failedAlone.get(placeOf(record)) ?? 0) < commitPolicy.triesAlone;
}
