import { expect } from "@jest/globals";
import { accountForPath, type PathCounts } from "../../lib/core/path-account.ts";

/** A line in embedded metric format, as the shim and the functions write it. */
export type EmfLine = Readonly<Record<string, unknown>> & { readonly _aws: unknown };

export function isEmfLine(line: unknown): line is EmfLine {
  return typeof line === "object" && line !== null && "_aws" in line;
}

/** The sum of one metric over all lines, whatever their dimensions. */
export function sumOf(lines: readonly EmfLine[], name: string): number {
  return lines.reduce((sum, line) => sum + Number(line[name] ?? 0), 0);
}

type Sql = (text: string) => Promise<readonly (readonly (string | undefined)[])[]>;

/** A record of the tables by its coordinates, in one list of both. */
const stored = (database: string, topics: readonly string[]): string =>
  ["raw_events", "dead_letter"]
    .map(
      (table) =>
        `SELECT kafka_topic AS topic, kafka_partition AS part, kafka_offset AS place, '${table}' AS t FROM ${database}.${table} WHERE kafka_topic IN (${topics.map((topic) => `'${topic}'`).join(", ")})`,
    )
    .join(" UNION ALL ");

/** What the two bronze tables hold of the topics, read row by row. */
export async function readTables(
  sql: Sql,
  database: string,
  { raw, dlq }: { raw: string; dlq: string },
): Promise<PathCounts["tables"]> {
  const [row = []] = await sql(`
    WITH stored AS (${stored(database, [raw, dlq])}),
      parts AS (SELECT count(*) AS n, count(DISTINCT place) AS d, max(place) - min(place) + 1 AS span FROM stored GROUP BY topic, part)
    SELECT
      (SELECT count(*) FROM stored WHERE t = 'raw_events'),
      (SELECT count(*) FROM stored WHERE t = 'dead_letter' AND topic = '${raw}'),
      (SELECT count(*) FROM stored WHERE t = 'dead_letter' AND topic = '${dlq}'),
      (SELECT coalesce(sum(n - d), 0) FROM parts),
      (SELECT coalesce(sum(span - d), 0) FROM parts)`);
  const [events = 0, refused = 0, deadLetters = 0, repeated = 0, holes = 0] = row.map(Number);
  return { events, refused, deadLetters, repeated, holes };
}

/** What the writers told. */
export function writerCounts(lines: readonly EmfLine[], tables: PathCounts["tables"]): PathCounts["writers"] {
  return {
    stored: tables.events + tables.refused + tables.deadLetters,
    staged: sumOf(lines, "RowsStaged"),
    inserted: sumOf(lines, "RowsInserted"),
    present: sumOf(lines, "RowsPresent"),
    restaged: sumOf(lines, "RowsRestaged"),
    pending: 0,
  };
}

/** What the shims told; a killed one only what it told before. */
export function shimCounts(lines: readonly EmfLine[], sent: PathCounts["topics"]): PathCounts["shim"] {
  const [received, canaries, duplicates, acked, rejected] = [
    "RecordsReceived",
    "Canaries",
    "Duplicates",
    "RecordsAcked",
    "RecordsRejected",
  ].map((name) => sumOf(lines, name)) as [number, number, number, number, number]; // as many as names
  // A gauge: of each process its last word counts.
  const last = new Map(lines.map((line) => [line["process"], Number(line["RecordsInFlight"] ?? 0)]));
  const inFlight = [...last.values()].reduce((sum, value) => sum + value, 0);
  return { received, canaries, duplicates, acked, rejected, inFlight, sent };
}

/**
 * Fails with the sentences that do not hold. `untold`: counts may be missing, because a process was killed or Athena lied to
 * one; rows may not.
 */
export function expectAccounted(counts: PathCounts, { untold }: { readonly untold: boolean }): void {
  const { checks } = accountForPath(counts);
  const allowed = untold ? ["equal", "untold"] : ["equal"];
  expect(checks.filter(({ verdict }) => !allowed.includes(verdict))).toEqual([]);
}
