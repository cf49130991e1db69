import { stageRawEventsColumns } from "../../schemas/tables/columns.ts";
import {
  type BatchEntry,
  brokerDates,
  countBatch,
  halves,
  identifyBatch,
  offsetRanges,
  splitByTablePartitions,
  tablePartition,
} from "../core/batch.ts";
import type { BatchFacts } from "./batch-facts.ts";
import type { ObjectStore } from "./object-store.ts";
import { type OnStaged, putMarkers } from "./pending.ts";
import { stageBatch } from "./stage-batch.ts";

export const bronzePendingPrefix = "pending/bronze/";
export const bronzeSlotKey = "commit/bronze.json";

/** A batch that is staged and marked: its entries are kept, because it may have to be staged again in halves. */
export type StagedBronzeBatch = {
  readonly entries: readonly BatchEntry[];
  readonly facts: BatchFacts;
  readonly markers: readonly string[];
};

type StageDeps = {
  readonly store: ObjectStore;
  readonly now: () => number;
  readonly judgeVersion: string;
  readonly onStaged?: OnStaged | undefined;
};

/** Stages entries of one topic, in as many objects as their table partitions ask for, and marks each as pending. */
export async function stageBronze(deps: StageDeps, entries: readonly BatchEntry[]): Promise<StagedBronzeBatch[]> {
  const staged: StagedBronzeBatch[] = [];
  for (const part of splitByTablePartitions(entries)) {
    const facts = await stageBatch(deps.store, {
      stageTable: "raw_events",
      columns: stageRawEventsColumns,
      rows: part.map(({ row }) => row),
      ...identified(describeBatch(part, deps)),
    });
    const markers = await putMarkers(deps.store, bronzePendingPrefix, facts, deps.onStaged);
    staged.push({ entries: part, facts, markers });
  }
  return staged;
}

/** The two halves of a batch that no statement could take, staged and marked; undefined for a batch of one record. */
export async function restageHalves(
  deps: StageDeps,
  batch: StagedBronzeBatch,
): Promise<StagedBronzeBatch[] | undefined> {
  if (batch.entries.length < 2) return undefined;
  const [first, second] = halves(batch.entries);
  return [...(await stageBronze(deps, first)), ...(await stageBronze(deps, second))];
}

function identified(facts: BatchFacts): { facts: BatchFacts; constants: Readonly<Record<string, string>> } {
  return { facts, constants: { batch_id: facts.id } };
}

/** What a committer must know of the entries; they are of one topic and at least one. */
export function describeBatch(
  entries: readonly BatchEntry[],
  { now, judgeVersion }: Pick<StageDeps, "now" | "judgeVersion">,
): BatchFacts {
  const records = entries.map(({ record }) => record);
  const times = records.map(({ timestampMs }) => timestampMs);
  const { accepted, rejected } = countBatch(entries);
  const partitions = (kind: "event" | "dead_letter"): string[] =>
    [...new Set(entries.filter(({ row }) => row.row_kind === kind).map(({ row }) => tablePartition(row)))].sort();
  return {
    version: 1,
    id: identifyBatch(records, judgeVersion),
    topic: records[0]?.topic ?? "",
    ranges: offsetRanges(records),
    brokerDates: brokerDates(records),
    brokerFromMs: Math.min(...times),
    brokerToMs: Math.max(...times),
    tables: {
      raw_events: { rows: accepted, partitions: partitions("event") },
      dead_letter: { rows: rejected, partitions: partitions("dead_letter") },
    },
    stagedAtMs: now(),
  };
}
