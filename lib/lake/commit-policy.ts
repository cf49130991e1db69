import type { BatchFacts } from "./batch-facts.ts";
import { overlap } from "./group.ts";

/**
 * Every clause of the commit protocol that is a number or a switch. Production never changes one: they are a record so
 * that a test can take a clause away and show what it is for.
 */
export type CommitPolicy = {
  /** Time between a table's small commits, on the average; one may come early after a longer pause. */
  readonly commitIntervalMs: number;
  /** Rows pending that open an epoch before the interval is over. */
  readonly rowsThatOpen: number;
  /** Records whose newest is older than this when they are staged are a backlog: they open without the interval. */
  readonly backlogMs: number;
  /** So long after an epoch's end and the oldest marker the next one waits for as many new batches as that one had. */
  readonly gatherMs: number;
  /** A slot read longer ago than this may have been closed and reopened: nothing is sent on its word. */
  readonly slotFreshMs: number;
  /** Nothing is sent for an epoch opened longer ago than this. */
  readonly sendLimitMs: number;
  /** Wait after any final state but SUCCEEDED before the slot is given free. */
  readonly settleMs: number;
  /** Age at which an epoch without a query id is given up. */
  readonly abandonMs: number;
  /** Whoever finds an epoch without a query id leaves it to its opener for this long. */
  readonly helpAfterMs: number;
  /** Whether an epoch is free again as soon as every request to start it was refused, and only then. */
  readonly countSends: boolean;
  readonly maxBatches: number;
  readonly maxRows: number;
  readonly maxTablePartitions: number;
  /** Whether two batches must not stand in one statement. */
  readonly collides: (a: BatchFacts, b: BatchFacts) => boolean;
  /** Whether a group that failed on its data is taken in halves. */
  readonly halveSuspects: boolean;
  /** How often what cannot be made smaller is tried alone before it is quarantined. */
  readonly triesAlone: number;
  /** Least time between two of these tries; nothing else goes in between, or two that fail would take turns for ever. */
  readonly retryAloneMs: number;
  /** Least time between two releases from quarantine, unless the last one released was committed. */
  readonly paroleMs: number;
  /** Whether the slot is read again before a marker that is gone counts as committed: it may have been replaced. */
  readonly rereadGone: boolean;
  /** Whether counts are compared before markers go. */
  readonly reconcile: boolean;
};

export const commitPolicy: CommitPolicy = {
  // Each commit writes a snapshot, four metadata files and a Glue version: 8,640 a day at most, and p50 stays near 10 s.
  commitIntervalMs: 10_000,
  // Catching up: more than one full Kafka payload (3,700 events of 950 bytes). At 350 events/s ten seconds
  // gather 3,500: nobody catches up there, and the interval holds.
  rowsThatOpen: 5_000,
  // The mapping's window (10 s), the interval and a commit stay below it.
  backlogMs: 30_000,
  // Longer than a batch takes from its acknowledgement to the next one's marker. A statement costs 0.75 s of processor
  // time and 45 µs a row: without this rule the first to come back opened, and groups stayed at three batches of twelve.
  gatherMs: 1_500,
  slotFreshMs: 60_000,
  // With the signature's own five minutes, no request of ours can start a query later than 11 minutes after opening,
  // and a token is assumed to be remembered for at least 10.
  sendLimitMs: 5 * 60_000,
  // A commit in flight when the query was declared dead lands within this (assumed, see architecture).
  settleMs: 60_000,
  // A statement ends within this (assumed): Athena stops DML after 30 minutes.
  abandonMs: 60 * 60_000,
  // A start is answered within a second; sooner, every invocation that waits would send it as well.
  helpAfterMs: 3_000,
  countSends: true,
  // 64 ids of 64 hex digits are 4 kB of SQL; measured gains of grouping end at 16 batches.
  maxBatches: 64,
  // About 80 MB of Parquet in one statement; the local engine has 256 MB for a query.
  maxRows: 200_000,
  maxTablePartitions: 96,
  collides: overlap,
  halveSuspects: true,
  // An engine's hiccup must not make a dead letter of a good record, and a bad one costs a minute of the slot each time.
  triesAlone: 2,
  retryAloneMs: 10_000,
  // A failing one holds the slot for its statement and a minute: a tenth of the time at most.
  paroleMs: 15 * 60_000,
  rereadGone: true,
  reconcile: true,
};
