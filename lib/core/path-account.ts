/** What a reading of the path says of one stage of it. Each count is from the place that knows it. */
export type PathCounts = {
  /** As shims told it: each received event is exactly one of the others. */
  readonly shim: {
    readonly received: number;
    readonly canaries: number;
    readonly duplicates: number;
    readonly acked: number;
    readonly rejected: number;
    /** Received and without an outcome yet. */
    readonly inFlight: number;
    /** Records on the topics of the same time as these counts. */
    readonly sent: { readonly raw: number; readonly dlq: number };
  };
  /** Records on the topics, from their offsets. */
  readonly topics: { readonly raw: number; readonly dlq: number };
  /** Of these, the records that no table has yet. */
  readonly waiting: { readonly raw: number; readonly dlq: number };
  /** Rows as the writers told them. Restaged: of a batch that was staged a second time in halves. */
  readonly writers: {
    readonly staged: number;
    readonly inserted: number;
    readonly present: number;
    readonly restaged: number;
    /** Staged and in no epoch that has ended well yet. */
    readonly pending: number;
    /** Rows in the tables of the same time as these counts. */
    readonly stored: number;
  };
  readonly tables: {
    /** Rows of bronze.raw_events. */
    readonly events: number;
    /** Rows of bronze.dead_letter for records of raw-events: refused by the writer, or given up by the mapping. */
    readonly refused: number;
    /** Rows of bronze.dead_letter for records of dlq-events: refused by the shim. */
    readonly deadLetters: number;
    /** Rows too many: offsets that stand in the tables more than once. */
    readonly repeated: number;
    /** Offsets between the first and the last of a partition that stand in no table. */
    readonly holes: number;
  };
};

/**
 * `untold`: less was counted than is stored. A process that is killed takes its last counts with it, never an event: the
 * offsets are the proof, the counters are the second witness.
 */
export type PathVerdict = "equal" | "untold" | "broken";
export type PathCheck = {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  readonly verdict: PathVerdict;
};
export type PathAccount = { readonly checks: readonly PathCheck[]; readonly verdict: PathVerdict };

/** Accounts for every event at every stage, from the feed to the tables. */
export function accountForPath({ shim, topics, waiting, writers, tables }: PathCounts): PathAccount {
  const settled = shim.canaries + shim.duplicates + shim.acked + shim.rejected;
  const checks = [
    exact("received = canaries + duplicates + acked + rejected + in flight", shim.received, settled + shim.inFlight),
    atMost("acked = records of raw-events", shim.acked, shim.sent.raw),
    atMost("rejected = records of dlq-events", shim.rejected, shim.sent.dlq),
    exact("records of raw-events = rows + waiting", topics.raw, tables.events + tables.refused + waiting.raw),
    exact("records of dlq-events = rows + waiting", topics.dlq, tables.deadLetters + waiting.dlq),
    exact("no offset in two rows", tables.repeated, 0),
    exact("no offset between others in no row", tables.holes, 0),
    told(
      "staged = inserted + present + restaged + pending",
      writers.staged,
      writers.inserted + writers.present + writers.restaged + writers.pending,
    ),
    atMost("inserted = rows", writers.inserted, writers.stored),
  ];
  return { checks, verdict: worstOf(checks) };
}

function exact(name: string, left: number, right: number): PathCheck {
  return { name, left, right, verdict: left === right ? "equal" : "broken" };
}

/** Counted after it was stored: the count may have been lost, the thing counted not. */
function atMost(name: string, left: number, right: number): PathCheck {
  if (left > right) return { name, left, right, verdict: "broken" };
  return { name, left, right, verdict: left === right ? "equal" : "untold" };
}

/** Both sides are counts, and either may have been lost with its process. */
function told(name: string, left: number, right: number): PathCheck {
  return { name, left, right, verdict: left === right ? "equal" : "untold" };
}

function worstOf(checks: readonly PathCheck[]): PathVerdict {
  const found = new Set(checks.map(({ verdict }) => verdict));
  if (found.has("broken")) return "broken";
  return found.has("untold") ? "untold" : "equal";
}
