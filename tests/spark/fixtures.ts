import type { Row } from "./harness/spark-harness.ts";

let counter = 0;

/** A v4-shaped id that no other row of the file has. */
export function nextId(): string {
  counter += 1;
  return `00000000-0000-4000-8000-${counter.toString(16).padStart(12, "0")}`;
}

/** An invented edit. Offsets are given by the caller's sequence; what a test does not name is ordinary. */
export function edit(fields: Row = {}): Row {
  return { event_id: nextId(), event_timestamp: "2026-11-20T10:00:00.000", source_kind: "replay", ...fields };
}

/** Gives rows their offsets on one partition, in order, from `first` on. */
export const onPartition = (rows: readonly Row[], first = 0, partition = 0): readonly Row[] =>
  rows.map((row, index) => ({ ...row, kafka_partition: partition, kafka_offset: first + index }));
