import { stageRawEventsColumns } from "../../schemas/tables/columns.ts";
import type { BatchEntry } from "../core/batch.ts";
import type { DeadLetterRow } from "../core/bronze-row.ts";
import { isRetriable } from "../platform/errors.ts";
import {
  bronzePendingPrefix,
  bronzeSlotKey,
  describeBatch,
  restageHalves,
  type StagedBronzeBatch,
  stageBronze,
} from "./bronze-batch.ts";
import { type BronzeDatabases, bronzeStatements } from "./bronze-statements.ts";
import { type CommitDeps, type CommitTarget, commitMarkers } from "./commit-loop.ts";
import { fitsColumns } from "./parquet-stage.ts";
import { markerName, type OnStaged, tableOfMarker } from "./pending.ts";

/** The target of everything that writes bronze: one slot for both tables. */
export function bronzeTarget(databases: BronzeDatabases, workgroup: string): CommitTarget {
  return {
    slotKey: bronzeSlotKey,
    pendingPrefix: bronzePendingPrefix,
    database: databases.bronze,
    workgroup,
    output: undefined,
    tables: bronzeStatements(databases),
  };
}

export type BronzeCommitDeps = CommitDeps & {
  readonly judgeVersion: string;
  /** Rows that a new marker stands for. Staged = inserted + present + restaged, once nothing is pending. */
  readonly onStaged?: OnStaged;
  /** Rows of a quarantined batch that was staged again in halves. */
  readonly onRestaged?: OnStaged;
  /** The dead letter of a record whose row fits no column, or that no statement could take. */
  readonly toPoisonRow: (entry: BatchEntry, reason: "type_mismatch" | "retries_exhausted") => DeadLetterRow;
};

/** Between two attempts to stage while the object store refuses for now. */
const stageAgainMs = 2_000;

/**
 * Stages the entries and drives the slot until they are committed or the deadline has come. Answers the entries that are
 * not known to be committed: they must be delivered again. Throws on errors that no repeat cures.
 */
export async function commitBronze(
  deps: BronzeCommitDeps,
  entries: readonly BatchEntry[],
  deadlineMs: number,
): Promise<readonly BatchEntry[]> {
  const { store, judgeVersion, onStaged } = deps;
  const staging = { store, now: deps.clock.now, judgeVersion, onStaged };
  const batches = new Map<string, StagedBronzeBatch>();
  const remember = (staged: readonly StagedBronzeBatch[]): string[] =>
    staged.flatMap((batch) => {
      for (const marker of batch.markers) batches.set(marker, batch);
      return batch.markers;
    });
  const staged = await stageUntil(deps, deadlineMs, () => stageFitting(deps, staging, entries));
  if (staged === undefined) return entries;
  const onQuarantined = async (marker: string, quarantined: ReadonlySet<string>): Promise<string[] | undefined> => {
    const batch = batches.get(marker);
    if (batch === undefined) return undefined;
    deps.log.warn("batch-quarantined", { marker, records: batch.entries.length });
    const smaller =
      (await stageApart(deps, staging, batch, quarantined)) ??
      (await restageHalves(staging, batch)) ??
      (await stagePoison(deps, batch.entries));
    if (smaller === undefined) return undefined;
    const table = tableOfMarker(marker);
    deps.onRestaged?.(table, batch.facts.tables[table]?.rows ?? 0);
    return remember(smaller);
  };
  const open = await commitMarkers(deps, { markers: remember(staged), deadlineMs, onQuarantined });
  return open.flatMap((marker) => batches.get(marker)?.entries ?? []);
}

/** One row that fits no column, though the judge took it, must not stop the others: it becomes a dead letter. */
async function stageFitting(
  deps: BronzeCommitDeps,
  staging: Parameters<typeof stageBronze>[0],
  entries: readonly BatchEntry[],
): Promise<StagedBronzeBatch[]> {
  try {
    return await stageBronze(staging, entries);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const fitting = entries.map((entry) =>
      fitsColumns(stageRawEventsColumns, entry.row)
        ? entry
        : { record: entry.record, row: deps.toPoisonRow(entry, "type_mismatch") },
    );
    deps.log.error("rows-without-column", { records: entries.length, problem: error.message });
    return stageBronze(staging, fitting);
  }
}

/**
 * A batch that was cut elsewhere has an id of its own, and nothing that was learned about its halves. What is known of
 * single records stays true: those that have failed alone go to the dead letters at once, the others are a batch.
 */
async function stageApart(
  deps: BronzeCommitDeps,
  staging: Parameters<typeof stageBronze>[0],
  { entries }: StagedBronzeBatch,
  quarantined: ReadonlySet<string>,
): Promise<StagedBronzeBatch[] | undefined> {
  const hasFailedAlone = (entry: BatchEntry): boolean =>
    entry.row.row_kind === "event" &&
    quarantined.has(
      markerName(describeBatch([entry], { now: deps.clock.now, judgeVersion: deps.judgeVersion }), "raw_events"),
    );
  const poison = entries.filter(hasFailedAlone);
  if (entries.length < 2 || poison.length === 0) return undefined;
  const others = entries.filter((entry) => !poison.includes(entry));
  const staged = others.length === 0 ? [] : await stageBronze(staging, others);
  for (const entry of poison) staged.push(...((await stagePoison(deps, [entry])) ?? []));
  return staged;
}

/** A single record that fails alone: its bytes go to the dead letters. A dead letter that fails alone stays where it is. */
async function stagePoison(
  deps: BronzeCommitDeps,
  [entry]: readonly BatchEntry[],
): Promise<StagedBronzeBatch[] | undefined> {
  if (entry === undefined || entry.row.row_kind === "dead_letter") return undefined;
  // Another identity: the object of the accepted row exists already and never changes.
  const judgeVersion = `${deps.judgeVersion}/poison`;
  const staging = { store: deps.store, now: deps.clock.now, judgeVersion, onStaged: deps.onStaged };
  return stageBronze(staging, [{ record: entry.record, row: deps.toPoisonRow(entry, "retries_exhausted") }]);
}

async function stageUntil<T>(deps: CommitDeps, deadlineMs: number, stage: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await stage();
    } catch (error) {
      if (!isRetriable(error)) throw error;
      deps.log.warn("staging-retried");
      if (deps.clock.now() + stageAgainMs >= deadlineMs) return undefined;
      await deps.clock.sleep(stageAgainMs);
    }
  }
}
