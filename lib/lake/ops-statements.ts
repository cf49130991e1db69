import {
  alertsColumns,
  type Columns,
  feedGapsColumns,
  feedSessionsColumns,
  ingestMinutesColumns,
  pipelineRunsColumns,
} from "../../schemas/tables/columns.ts";
import { tablePartitions } from "./group.ts";
import type { PendingBatch } from "./pending.ts";
import { sqlBatchIds, sqlDates, sqlName, sqlTable } from "./sql-text.ts";
import type { StatementBuilder } from "./statement.ts";

export type OpsDatabases = { readonly ops: string; readonly stage: string };

/** How a ledger's rows become one row per key. */
export type Ledger = {
  readonly columns: Columns;
  readonly key: readonly string[];
  /** Column the table is partitioned by. */
  readonly partition: string;
  /** Of ledgers whose rows are updated: when a row is over, and what says how new it is. */
  readonly updated?: {
    readonly status: string;
    readonly begun: string;
    readonly ended: string;
    readonly started: string;
  };
};

export const ledgers = {
  feed_sessions: { columns: feedSessionsColumns, key: ["session_id"], partition: "log_date" },
  ingest_minutes: {
    columns: ingestMinutesColumns,
    key: ["minute", "shim_epoch", "source_topic"],
    partition: "log_date",
  },
  feed_gaps: {
    columns: feedGapsColumns,
    key: ["gap_id"],
    partition: "gap_month",
    updated: { status: "status", begun: "open", ended: "closed_at", started: "detected_at" },
  },
  pipeline_runs: {
    columns: pipelineRunsColumns,
    // A run has a row for each of its stages.
    key: ["run_id", "stage"],
    partition: "log_date",
    updated: { status: "status", begun: "STARTED", ended: "ended_at", started: "started_at" },
  },
  alerts: { columns: alertsColumns, key: ["alert_id"], partition: "log_date" },
} as const satisfies Readonly<Record<string, Ledger>>;

/**
 * Statements of the ops ledgers: each key once, whatever was delivered how often and in whatever order. Rows of one
 * statement are made unique first; a row that is over is never replaced by one that says it has begun.
 */
export function opsStatements(databases: OpsDatabases): Readonly<Record<string, StatementBuilder>> {
  return Object.fromEntries(
    Object.entries(ledgers).map(([table, ledger]) => [table, opsBuilder(databases, table, ledger)]),
  );
}

function opsBuilder(databases: OpsDatabases, table: string, ledger: Ledger): StatementBuilder {
  const target = sqlTable(databases.ops, table);
  const staged = (batches: readonly PendingBatch[]): string =>
    `FROM ${sqlTable(databases.stage, table)} s WHERE s.batch IN (${sqlBatchIds(batches.map(({ facts }) => facts.id))})`;
  const near = (batches: readonly PendingBatch[]): string =>
    `t.${sqlName(ledger.partition)} IN (${sqlDates(batches.flatMap(tablePartitions))})`;
  const sameKey = ledger.key.map((name) => `t.${sqlName(name)} = s.${sqlName(name)}`).join(" AND ");
  const absent = (batches: readonly PendingBatch[]): string =>
    `NOT EXISTS (SELECT 1 FROM ${target} t WHERE ${near(batches)} AND ${sameKey})`;
  const { updated } = ledger;
  return {
    write: (batches) => {
      const source = unique(ledger, staged(batches));
      if (updated === undefined) return `INSERT INTO ${target} (${names(ledger)})\n${source} AND ${absent(batches)}`;
      return `MERGE INTO ${target} t USING (${source}) s ON ${near(batches)} AND ${sameKey}\n${mergeActions(ledger, updated)}`;
    },
    verify: (batches) =>
      `SELECT (SELECT count(*) ${staged(batches)}), (SELECT count(*) ${staged(batches)} AND ${absent(batches)})`,
  };
}

function names({ columns }: Ledger): string {
  return columns.map(([name]) => sqlName(name)).join(", ");
}

/** One row a key: of several the one that is over, then the newest, then any (they say the same). */
function unique(ledger: Ledger, staged: string): string {
  const { columns, key, updated } = ledger;
  const typed = columns.map(([name, type]) =>
    type === "timestamp" ? `CAST(s.${sqlName(name)} AS timestamp(6)) AS ${sqlName(name)}` : `s.${sqlName(name)}`,
  );
  const order =
    updated === undefined
      ? "s.batch"
      : `CASE WHEN s.${sqlName(updated.status)} = '${updated.begun}' THEN 1 ELSE 0 END, ${newness("s", updated)} DESC, s.batch`;
  const keys = key.map((name) => `s.${sqlName(name)}`).join(", ");
  const numbered = `SELECT ${typed.join(", ")}, row_number() OVER (PARTITION BY ${keys} ORDER BY ${order}) AS copy_number`;
  return `SELECT ${names(ledger)} FROM (${numbered} ${staged}) s WHERE s.copy_number = 1`;
}

type Updated = NonNullable<Ledger["updated"]>;

function newness(alias: string, { ended, started }: Updated): string {
  return `coalesce(${alias}.${sqlName(ended)}, ${alias}.${sqlName(started)})`;
}

function mergeActions(ledger: Ledger, updated: Updated): string {
  const status = sqlName(updated.status);
  const isOver = `t.${status} = '${updated.begun}' AND s.${status} <> '${updated.begun}'`;
  const isNewer = `(t.${status} = '${updated.begun}' OR s.${status} <> '${updated.begun}') AND ${newness("s", updated)} > ${newness("t", updated)}`;
  const columns = ledger.columns.map(([name]) => sqlName(name));
  const set = columns.map((name) => `${name} = s.${name}`).join(", ");
  const values = columns.map((name) => `s.${name}`).join(", ");
  return (
    `WHEN MATCHED AND ((${isOver}) OR (${isNewer})) THEN UPDATE SET ${set}\n` +
    `WHEN NOT MATCHED THEN INSERT (${columns.join(", ")}) VALUES (${values})`
  );
}
