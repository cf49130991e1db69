import { createHash } from "node:crypto";
import type { Columns } from "../../schemas/tables/columns.ts";
import { maxTablePartitions } from "../core/batch.ts";
import type { OpsKind, OpsRecord } from "../core/ops-record.ts";
import type { CommitTarget } from "./commit-loop.ts";
import type { ObjectStore } from "./object-store.ts";
import { ledgers, type OpsDatabases, opsStatements } from "./ops-statements.ts";
import type { StagedRow } from "./parquet-stage.ts";
import { putMarkers } from "./pending.ts";
import { stageBatch } from "./stage-batch.ts";

export const opsPendingPrefix = "pending/ops/";
export const opsSlotKey = "commit/ops.json";

/** The target of ops-writer: a slot of its own, so that a ledger never waits for bronze nor bronze for a ledger. */
export function opsTarget(databases: OpsDatabases, workgroup: string): CommitTarget {
  return {
    slotKey: opsSlotKey,
    pendingPrefix: opsPendingPrefix,
    database: databases.ops,
    workgroup,
    output: undefined,
    tables: opsStatements(databases),
  };
}

/** A change of this makes the same rows another batch; rows are recognised by their keys, so that nothing doubles. */
const opsBatchVersion = "ops-1";

type StageDeps = { readonly store: ObjectStore; readonly now: () => number };

/**
 * Stages ledger rows, one object a table (more where they span too many partitions), and marks each as pending. The id
 * comes from the rows: the same rows staged twice are one object. Answers the markers.
 */
export async function stageOps(deps: StageDeps, records: readonly OpsRecord[]): Promise<string[]> {
  const markers: string[] = [];
  for (const kind of new Set(records.map((record) => record.kind))) {
    const rows = records.filter((record) => record.kind === kind).map(({ row }): StagedRow => row);
    for (const part of cut(kind, rows)) markers.push(...(await stagePart(deps, kind, part)));
  }
  return markers;
}

async function stagePart({ store, now }: StageDeps, kind: OpsKind, rows: readonly StagedRow[]): Promise<string[]> {
  const { columns, partition } = ledgers[kind];
  const id = createHash("sha256")
    .update(JSON.stringify([opsBatchVersion, kind, rows]))
    .digest("hex");
  const facts = {
    version: 1 as const,
    id,
    topic: "", // rows are recognised by their keys, not by offsets
    ranges: [],
    brokerDates: [],
    brokerFromMs: 0,
    brokerToMs: 0,
    tables: { [kind]: { rows: rows.length, partitions: partitionsOf(rows, partition) } },
    stagedAtMs: now(),
  };
  const typed = rows.map((row) => withNumbers(columns, row));
  const staged = await stageBatch(store, { stageTable: kind, columns, rows: typed, constants: {}, facts });
  return putMarkers(store, opsPendingPrefix, staged);
}

function cut(kind: OpsKind, rows: readonly StagedRow[]): StagedRow[][] {
  const { partition } = ledgers[kind];
  const partitions = partitionsOf(rows, partition);
  const parts: StagedRow[][] = [];
  for (let from = 0; from < partitions.length; from += maxTablePartitions) {
    const names = new Set(partitions.slice(from, from + maxTablePartitions));
    parts.push(rows.filter((row) => names.has(String(row[partition]))));
  }
  return parts;
}

function partitionsOf(rows: readonly StagedRow[], partition: string): string[] {
  return [...new Set(rows.map((row) => String(row[partition])))].sort();
}

/** Ops records write instants as ISO text and long numbers as decimal text; staged files hold both as numbers. */
function withNumbers(columns: Columns, row: StagedRow): StagedRow {
  const converted = columns.flatMap(([name, type]): [string, unknown][] => {
    const value = row[name];
    if (typeof value !== "string") return [];
    if (type === "timestamp") return [[name, Date.parse(value)]];
    return type === "bigint" ? [[name, BigInt(value)]] : [];
  });
  return { ...row, ...Object.fromEntries(converted) };
}
