import type { BatchFacts } from "./batch-facts.ts";
import type { CommitPolicy } from "./commit-policy.ts";
import type { PendingBatch } from "./pending.ts";

/**
 * True when two batches could hold the same record: same topic, and a partition in which their first–last ranges meet.
 * The statement looks into the tables, not inside its own source: whole and halves in one statement would be doubled rows.
 */
export function overlap(a: BatchFacts, b: BatchFacts): boolean {
  if (a.topic !== b.topic) return false;
  return a.ranges.some((left) =>
    b.ranges.some(
      (right) => left.partition === right.partition && left.first <= right.last && right.first <= left.last,
    ),
  );
}

export type GroupState = {
  readonly suspects: readonly string[];
  readonly strikes: number;
  /** End of the last epoch. */
  readonly last: { readonly atMs: number; readonly batches: number } | null;
  readonly quarantined: readonly string[];
  /** As the slot counts the commits of few rows, by table, ms. */
  readonly committedAt: Readonly<Record<string, number>>;
};

/**
 * The batches of the next epoch, all for one table, or undefined when none is due. Suspects go first and alone, half of
 * them, and with a moment between two tries of the same; otherwise the table of the oldest marker that is due, oldest
 * first, as many as fit beside each other.
 */
export function chooseGroup(
  pending: readonly PendingBatch[],
  state: GroupState,
  nowMs: number,
  policy: CommitPolicy,
): readonly PendingBatch[] | undefined {
  const quarantined = new Set(state.quarantined);
  const candidates = pending.filter(({ marker }) => !quarantined.has(marker)).sort(byAge);
  const suspects = policy.halveSuspects ? state.suspects : [];
  const accused = candidates.filter(({ marker }) => suspects.includes(marker));
  const isTried = state.strikes > 0 && nowMs - (state.last?.atMs ?? 0) < policy.retryAloneMs;
  if (accused.length > 0) return isTried ? undefined : accused.slice(0, Math.ceil(accused.length / 2));
  for (const table of new Set(candidates.map((batch) => batch.table))) {
    const group = fill(
      candidates.filter((batch) => batch.table === table),
      policy,
    );
    if (isDue(group, table, state, nowMs, policy)) return group;
  }
  return undefined;
}

/** Earliest time at which one of the batches' tables may be opened for a small group. */
export function nextDue(
  state: GroupState,
  batches: readonly PendingBatch[],
  nowMs: number,
  policy: CommitPolicy,
): number {
  const byInterval = batches.map((batch) =>
    isLate(batch, policy) ? 0 : (state.committedAt[batch.table] ?? 0) + policy.commitIntervalMs,
  );
  return Math.max(Math.min(...byInterval), gatheredAt(state, batches, nowMs, policy));
}

type Waiting = readonly { readonly sinceMs: number }[];

/**
 * From then on an epoch is opened with whatever is there. A marker's time is the store's: one from ahead of our clock says
 * nothing, or an hour's difference would hold everything up for an hour.
 */
function gatheredAt({ last }: GroupState, waiting: Waiting, nowMs: number, policy: CommitPolicy): number {
  const oldestMs = Math.min(...waiting.map(({ sinceMs }) => sinceMs));
  return Math.max(last?.atMs ?? 0, oldestMs <= nowMs ? oldestMs : 0) + policy.gatherMs;
}

/**
 * Until when those that wait are too few to look at; undefined when they are enough. With a backlog there is always
 * something pending when an epoch ends, and the batches that it committed are on their way back as the next ones of their
 * partitions: a moment later the statement, whose cost hardly depends on its rows, takes them together with those that were
 * left behind. Counted without the latter, seven of twelve partitions took turns with the other five. Without a backlog,
 * pollers that came together once stay together. Suspects are not waited with.
 */
export function gatheringUntil(
  waiting: Waiting,
  state: GroupState,
  nowMs: number,
  policy: CommitPolicy,
): number | undefined {
  const { last, suspects } = state;
  if (last === null || suspects.length > 0 || waiting.length >= policy.maxBatches) return undefined;
  // S3 says whole seconds: what came in the rest of the epoch's last second counts as left behind, and is waited with.
  if (waiting.filter(({ sinceMs }) => sinceMs >= last.atMs).length >= last.batches) return undefined;
  const untilMs = gatheredAt(state, waiting, nowMs, policy);
  return nowMs < untilMs ? untilMs : undefined;
}

/** Few rows wait for the interval, unless they have waited long enough before they were staged. */
function isDue(
  group: readonly PendingBatch[],
  table: string,
  state: GroupState,
  nowMs: number,
  policy: CommitPolicy,
): boolean {
  if (gatheringUntil(group, state, nowMs, policy) !== undefined) return false;
  if (sumRows(group) >= policy.rowsThatOpen || group.some((batch) => isLate(batch, policy))) return true;
  return nowMs - (state.committedAt[table] ?? 0) >= policy.commitIntervalMs;
}

/**
 * Whether the batch was behind when it was staged. The last partitions of a backlog have less than a full payload each and
 * would be committed one by one, ten seconds apart.
 */
function isLate({ facts }: PendingBatch, policy: CommitPolicy): boolean {
  return facts.stagedAtMs - facts.brokerToMs >= policy.backlogMs;
}

function fill(batches: readonly PendingBatch[], policy: CommitPolicy): PendingBatch[] {
  const group: PendingBatch[] = [];
  const partitions = new Set<string>();
  for (const batch of batches) {
    const touched = new Set([...partitions, ...tablePartitions(batch)]);
    const isFirst = group.length === 0;
    const fits =
      group.length < policy.maxBatches &&
      touched.size <= policy.maxTablePartitions &&
      sumRows(group) + rowsOf(batch) <= policy.maxRows &&
      !group.some((other) => policy.collides(other.facts, batch.facts));
    if (!isFirst && !fits) continue;
    group.push(batch);
    for (const name of touched) partitions.add(name);
  }
  return group;
}

export function rowsOf(batch: PendingBatch): number {
  return batch.facts.tables[batch.table]?.rows ?? 0;
}

export function sumRows(batches: readonly PendingBatch[]): number {
  return batches.reduce((sum, batch) => sum + rowsOf(batch), 0);
}

export function tablePartitions(batch: PendingBatch): readonly string[] {
  return batch.facts.tables[batch.table]?.partitions ?? [];
}

function byAge(a: PendingBatch, b: PendingBatch): number {
  return a.sinceMs - b.sinceMs || (a.marker < b.marker ? -1 : 1);
}
