/** One statement as it is sent, and sent again: all five go into what the engine remembers under the token. */
export type StatementRequest = {
  readonly sql: string;
  /** 32–128 characters. The same token with the same request starts nothing new and answers the first query's id. */
  readonly token: string;
  readonly database: string;
  readonly workgroup: string;
  /** `s3://…/` for results; undefined where the workgroup prescribes it. */
  readonly output: string | undefined;
};

export type QueryState = "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED";

/** How a statement failed. `data`: it will fail again on the same rows. `environment`: anything else; trying again may help. */
export type FailureClass = "data" | "environment";

export type QueryStatus = {
  readonly state: QueryState;
  /** When the final state was reached, ms since the epoch; undefined when not final or not told. */
  readonly completedAtMs: number | undefined;
  /** Of FAILED only: the engine's error code, for example HIVE_CURSOR_ERROR. Never the message: it may quote data. */
  readonly errorCode: string | undefined;
  readonly failure: FailureClass | undefined;
};

export type QueryResult = {
  /** Rows an INSERT or MERGE wrote; undefined when the engine does not say. */
  readonly updateCount: number | undefined;
  /** First rows of a SELECT as text, without the heading. */
  readonly rows: readonly (readonly (string | undefined)[])[];
};

/** What the lake needs of Athena. Errors are LakeError; `start` is sent exactly once per call (no retries inside). */
export type QueryEngine = {
  start(request: StatementRequest): Promise<{ readonly queryId: string }>;
  /** undefined when the engine does not know the id. */
  status(queryId: string): Promise<QueryStatus | undefined>;
  /** Only of a SUCCEEDED query. */
  result(queryId: string): Promise<QueryResult>;
  /** Asks for a stop; the query is stopped only when its state says so. */
  stop(queryId: string): Promise<void>;
};

export const isFinal = (state: QueryState): boolean => state !== "QUEUED" && state !== "RUNNING";
