import type { QueryRecord } from "./query-record.ts";

/**
 * What a test can make Athena do wrong. Each is asked once per query; all are absent outside of tests.
 * The order within a query: beforeStart → forgetToken → (accepted, remembered) → dropResponse → delay → failBeforeEngine → engine →
 * afterCommit → reportFailedAlthoughCommitted → final state.
 */
export type AthenaFaults = {
  /** Before the request is accepted; throw an AwsError to refuse it. */
  readonly beforeStart?: (query: Pick<QueryRecord, "sql" | "token">) => Promise<void> | void;
  /** The query is accepted and runs, but the caller gets InternalServerException (500) in place of its id. */
  readonly dropResponse?: (query: QueryRecord) => boolean;
  /** The token of a query that was accepted before is not remembered: the same request starts another query. */
  readonly forgetToken?: (token: string) => boolean;
  /** Milliseconds that the query stays QUEUED; a promise that settles later keeps it there as long. */
  readonly delay?: (query: QueryRecord) => number | Promise<number>;
  /** The reason of a FAILED without the statement having been run. */
  readonly failBeforeEngine?: (query: QueryRecord) => string | undefined;
  /** Between the engine's success and the final state: hold it back here, or kill the process. */
  readonly afterCommit?: (query: QueryRecord) => Promise<void> | void;
  /** The reason of a FAILED that Athena reports although the statement took effect. */
  readonly reportFailedAlthoughCommitted?: (query: QueryRecord) => string | undefined;
};
