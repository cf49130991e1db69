import type { QueryRunner } from "./run-query.ts";

/** Tables that `status` and the live line report, one of each layer. */
export const reportedTables = [
  "bronze.raw_events",
  "bronze.dead_letter",
  "silver.cleaned_events",
  "gold.hourly_stats",
] as const;
export type ReportedTable = (typeof reportedTables)[number];

export type TableSize = { readonly rows: number; readonly lastCommitAt: string | undefined };

/**
 * Rows and newest commit of a table, from its snapshot list: no data file is read, so asking costs the same at any
 * size. Live rows = records minus rows marked deleted.
 */
export async function readTableSize(query: QueryRunner, table: ReportedTable): Promise<TableSize | undefined> {
  const [layer, name] = table.split(".");
  try {
    const { rows } = await query(`
      select cast(summary['total-records'] as bigint) - coalesce(cast(summary['total-position-deletes'] as bigint), 0), committed_at
      from ${layer}."${name}$snapshots" order by committed_at desc limit 1`);
    return { rows: Number(rows[0]?.[0] ?? 0), lastCommitAt: rows[0]?.[1] };
  } catch {
    return undefined; // not created yet
  }
}
