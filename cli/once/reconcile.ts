import type { SourceSummary } from "../../local/run/lake.ts";
import type { QueryRunner } from "../query/run-query.ts";

/** Counts of the whole lake, from the tables alone. */
export type LakeCounts = {
  readonly bronze: number;
  readonly bronzeOffsets: number;
  readonly bronzeEvents: number;
  readonly silver: number;
  readonly quarantined: number;
  readonly goldEvents: number;
  readonly deadLetters: number;
};

/** One sentence of the reconciliation: both sides, and whether they are the same. */
export type Check = { readonly name: string; readonly left: number; readonly right: number; readonly isEqual: boolean };

export type Reconciliation = {
  readonly source: SourceSummary;
  readonly before: LakeCounts;
  readonly after: LakeCounts;
  readonly checks: readonly Check[];
  readonly isComplete: boolean;
};

const counted = `
  select
    (select count(*) from bronze.raw_events),
    (select count(*) from (select distinct kafka_topic, kafka_partition, kafka_offset, event_id from bronze.raw_events)),
    (select count(distinct event_id) from bronze.raw_events),
    (select count(*) from silver.cleaned_events),
    (select count(*) from dq_audit.quarantine where layer = 'silver'),
    (select coalesce(sum(total_events), 0) from gold.hourly_stats),
    (select count(*) from bronze.dead_letter)`;

/** Counts every table of the path by reading it, not its statistics. Throws QUERY_FAILED. */
export async function countLake(query: QueryRunner): Promise<LakeCounts> {
  const { rows } = await query(counted);
  const [bronze, bronzeOffsets, bronzeEvents, silver, quarantined, goldEvents, deadLetters] = (rows[0] ?? []).map(
    Number,
  );
  return {
    bronze: bronze ?? 0,
    bronzeOffsets: bronzeOffsets ?? 0,
    bronzeEvents: bronzeEvents ?? 0,
    silver: silver ?? 0,
    quarantined: quarantined ?? 0,
    goldEvents: goldEvents ?? 0,
    deadLetters: deadLetters ?? 0,
  };
}

/**
 * Accounts for every event of a run: what was read became a bronze row, a dead letter or a dropped canary (a repeat was
 * one of those before); every offset is in bronze once; silver holds each event once; gold adds up to silver.
 */
export function reconcile(source: SourceSummary, before: LakeCounts, after: LakeCounts): Reconciliation {
  const check = (name: string, left: number, right: number): Check => ({ name, left, right, isEqual: left === right });
  const fate = source.accepted + source.rejected + source.dropped + source.duplicates + source.alreadyDelivered;
  const checks = [
    check("read = accepted + rejected + dropped + repeats + delivered before", source.read, fate),
    check(
      "new in bronze and dead_letter = accepted + rejected",
      newRows(before, after),
      source.accepted + source.rejected,
    ),
    check("bronze rows = distinct (topic, partition, offset, event)", after.bronze, after.bronzeOffsets),
    check("silver + quarantined = distinct events of bronze", after.silver + after.quarantined, after.bronzeEvents),
    check("sum of gold.hourly_stats.total_events = silver", after.goldEvents, after.silver),
  ];
  return { source, before, after, checks, isComplete: checks.every(({ isEqual }) => isEqual) };
}

const newRows = (before: LakeCounts, after: LakeCounts): number =>
  after.bronze + after.deadLetters - before.bronze - before.deadLetters;

const number = (value: number): string => value.toLocaleString("en").padStart(12);

/** The reconciliation for a person: what was read, what it became, and each check with its verdict. */
export function describeReconciliation({ source, after, checks, isComplete }: Reconciliation): string {
  const facts: readonly (readonly [name: string, value: number])[] = [
    ["read from the source", source.read],
    ["accepted", source.accepted],
    ["rejected", source.rejected],
    ["dropped (canaries)", source.dropped],
    ["repeats", source.duplicates],
    ["already delivered", source.alreadyDelivered],
    ["bronze.raw_events", after.bronze],
    ["bronze.dead_letter", after.deadLetters],
    ["silver.cleaned_events", after.silver],
    ["gold.hourly_stats events", after.goldEvents],
  ];
  return [
    "Reconciliation",
    ...facts.map(([name, value]) => `  ${name.padEnd(28)}${number(value)}`),
    ...checks.map(
      ({ name, left, right, isEqual }) =>
        `  ${isEqual ? "✓" : "✗"} ${name}${isEqual ? "" : `: ${left} against ${right}`}`,
    ),
    isComplete ? "Every event is accounted for." : "NOT EVERY EVENT IS ACCOUNTED FOR.",
  ].join("\n");
}
