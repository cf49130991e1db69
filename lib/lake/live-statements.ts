import { liveEvents } from "./live-source.ts";
import type { LiveTable } from "./live-tables.ts";
import { dateOf, datesOf, inMinutes, inPartitions, type Minute, minuteMs } from "./live-windows.ts";
import { sqlDates, sqlName, sqlTable, sqlTimestamp } from "./sql-text.ts";

export type LiveDatabases = { readonly bronze: string; readonly live: string };

/** Columns that every statement makes from window_start. */
const derived: Readonly<Record<string, string>> = {
  window_end: "s.window_start + INTERVAL '1' MINUTE",
  window_date: "date_format(s.window_start, '%Y-%m-%d')",
};

/**
 * One MERGE that makes a table's rows of these minutes what bronze says now. Its source is old and new rows side by side,
 * of which only those that differ are left: an unchanged row is not rewritten, and nothing to change is no commit. Rows
 * that bronze no longer gives are marked `gone` (Athena has no NOT MATCHED BY SOURCE).
 */
export function mergeWindows(
  databases: LiveDatabases,
  table: LiveTable,
  minutes: readonly Minute[],
  nowMs: number,
): string {
  const { key, stamp } = table;
  const target = sqlTable(databases.live, table.name);
  const keys = ["window_start", ...key];
  const values = table.columns
    .map(([name]) => name)
    .filter((name) => !keys.includes(name) && name !== stamp.column && !(name in derived));
  const here = `window_date IN (${datesOf(minutes)}) AND ${inMinutes("window_start", minutes)}`;
  const same = keys.map((name) => `n.${sqlName(name)} = o.${sqlName(name)}`).join(" AND ");
  const differ = values.map((name) => `n.${sqlName(name)} IS DISTINCT FROM o.${sqlName(name)}`).join(" OR ");
  const columns = [
    ...keys.map((name) => `coalesce(n.${sqlName(name)}, o.${sqlName(name)}) AS ${sqlName(name)}`),
    ...values.map((name) => `n.${sqlName(name)}`),
    "n.window_start IS NULL AS gone",
  ];
  const source = `${liveEvents(databases.bronze, minutes)},
fresh AS (
${table.select}
),
old AS (SELECT ${[...keys, ...values].map(sqlName).join(", ")} FROM ${target} WHERE ${here})
SELECT ${columns.join(", ")}
FROM fresh n FULL OUTER JOIN old o ON ${same}
WHERE n.window_start IS NULL OR o.window_start IS NULL OR ${differ}`;
  return `MERGE INTO ${target} t USING (
${source}
) s ON t.window_date IN (${datesOf(minutes)}) AND ${inMinutes("t.window_start", minutes)} AND ${keys.map((name) => `t.${sqlName(name)} = s.${sqlName(name)}`).join(" AND ")}
${mergeActions(table, values, nowMs)}`;
}

function mergeActions({ columns, stamp }: LiveTable, values: readonly string[], nowMs: number): string {
  const now = sqlTimestamp(nowMs);
  const set = values.map((name) => `${sqlName(name)} = s.${sqlName(name)}`);
  if (!stamp.once) set.push(`${sqlName(stamp.column)} = ${now}`);
  const names = columns.map(([name]) => name);
  const inserted = names.map((name) => (name === stamp.column ? now : (derived[name] ?? `s.${sqlName(name)}`)));
  return [
    "WHEN MATCHED AND s.gone THEN DELETE",
    `WHEN MATCHED THEN UPDATE SET ${set.join(", ")}`,
    `WHEN NOT MATCHED AND NOT s.gone THEN INSERT (${names.map(sqlName).join(", ")}) VALUES (${inserted.join(", ")})`,
  ].join("\n");
}

export type ProbeSpan = { readonly fromMs: number; readonly toMs: number };

/**
 * What bronze got since a time: one row of the newest event's time (ms) and the numbers of the minutes, comma-separated;
 * both NULL when nothing. `hours` are the partitions to look into; files written before are left out by their statistics.
 */
export function probeSql(databases: LiveDatabases, hours: readonly Minute[], span: ProbeSpan): string {
  return `SELECT CAST(floor(to_unixtime(max(event_timestamp)) * 1000) AS bigint) AS newest_ms,
  array_join(array_sort(array_agg(DISTINCT CAST(floor(to_unixtime(event_timestamp) / 60) AS bigint))), ',') AS minutes
FROM ${sqlTable(databases.bronze, "raw_events")}
WHERE ${inPartitions(hours)}
  AND event_timestamp <= ${sqlTimestamp(span.toMs)}
  AND bronze_processed_at > ${sqlTimestamp(span.fromMs)}`;
}

/**
 * The newest partition that got rows since a time, from the table's metadata: date and hour, or no row. Asked only when
 * the hours around the clock got nothing, as with a replay of older events: it reads every manifest.
 */
export function newestPartitionSql(databases: LiveDatabases, span: ProbeSpan): string {
  const partitions = `${sqlTable(databases.bronze, "raw_events").slice(0, -1)}$partitions"`;
  return `SELECT partition.event_date, partition.event_hour
FROM ${partitions}
WHERE data.bronze_processed_at.max > ${sqlTimestamp(span.fromMs)}
  AND partition.event_date <= ${sqlDates([dateOf(span.toMs)])}
  AND data.event_timestamp.min <= ${sqlTimestamp(span.toMs)}
ORDER BY 1 DESC, 2 DESC
LIMIT 1`;
}

/** Joins the small files of the day of the newest event and the one before it. */
export function compactSql(databases: LiveDatabases, table: string, newestMs: number): string {
  const partition = table === "blacklist_hits" ? "hit_date" : "window_date";
  const dates = [newestMs - 24 * 60 * minuteMs, newestMs].map(dateOf);
  return `OPTIMIZE ${databases.live}.${table} REWRITE DATA USING BIN_PACK WHERE ${partition} IN (${sqlDates(dates)})`;
}
