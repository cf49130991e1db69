import { internal } from "./engine/error-shape.ts";
import { type Journal, keepQueries } from "./journal.ts";
import { type AcceptedQuery, type FinishedQuery, isFinal, type QueryRecord } from "./query-record.ts";

/** All queries known, by id and by token. */
export type QueryList = {
  get(id: string): QueryRecord | undefined;
  byToken(token: string): QueryRecord | undefined;
  /** Newest first. */
  inWorkGroup(workGroup: string): readonly QueryRecord[];
  accept(query: AcceptedQuery): QueryRecord;
  finish(query: QueryRecord, end: FinishedQuery): void;
};

const unknownOutcome = "The runtime stopped while the query was running; whether it took effect is not known";

/** Opens the list. A query that ran when the runtime died is FAILED now, as after an internal error of Athena. */
export function createQueryList(journal: Journal, now: () => number, onLost: (error: unknown) => void): QueryList {
  const queries = new Map<string, QueryRecord>();
  const tokens = new Map<string, QueryRecord>();
  const add = (query: QueryRecord): void => {
    queries.set(query.id, query);
    tokens.set(query.token, query);
  };
  const finish = (query: QueryRecord, end: FinishedQuery): void => {
    query.finished = end;
    query.state = end.state;
    try {
      journal.finished(end);
    } catch (error) {
      onLost(error); // a full disk: callers are told the truth until the next start, which knows of no end
    }
  };
  const forgetOldest = (): void => {
    for (const query of queries.values()) {
      if (queries.size <= keepQueries || !isFinal(query)) break;
      queries.delete(query.id);
      tokens.delete(query.token);
    }
  };
  for (const { accepted, finished } of journal.entries) {
    const query: QueryRecord = { ...accepted, state: finished?.state ?? "RUNNING", finished };
    add(query);
    if (finished === undefined) finish(query, interrupted(query, now()));
  }
  return {
    get: (id) => queries.get(id),
    byToken: (token) => tokens.get(token),
    inWorkGroup: (workGroup) => [...queries.values()].filter((query) => query.workGroup === workGroup).reverse(),
    accept: (accepted) => {
      journal.accepted(accepted);
      const query: QueryRecord = { ...accepted, state: "QUEUED", finished: undefined };
      add(query);
      forgetOldest();
      return query;
    },
    finish,
  };
}

function interrupted({ id, submittedAt }: QueryRecord, at: number): FinishedQuery {
  // Nothing is wrong with the statement, so a repeat may succeed.
  const error = internal(unknownOutcome, true);
  const totalMs = at - submittedAt;
  return {
    id,
    state: "FAILED",
    reason: error.ErrorMessage,
    error,
    completedAt: at,
    statistics: { queueMs: 0, engineMs: totalMs, planningMs: 0, totalMs, scannedBytes: 0 },
    columns: [],
    shape: "none",
  };
}
