import type { QueryRecord } from "./query-record.ts";
import type { TextRow } from "./result-file.ts";
import { invalidRequest } from "./sql/refusal.ts";
import type { NamedQuery, WorkGroup } from "./work-groups.ts";

const seconds = (ms: number): number => ms / 1000;
const engineVersion = {
  SelectedEngineVersion: "Athena engine version 3",
  EffectiveEngineVersion: "Athena engine version 3",
};

/** QueryExecution of GetQueryExecution. */
export function queryExecution(query: QueryRecord, now: number): Record<string, unknown> {
  const { finished } = query;
  return {
    QueryExecutionId: query.id,
    Query: query.sql,
    StatementType: query.statementType,
    SubstatementType: query.substatementType,
    ResultConfiguration: { OutputLocation: query.outputLocation },
    QueryExecutionContext: { Database: query.database, Catalog: query.catalog ?? "awsdatacatalog" },
    Status: {
      State: query.state,
      StateChangeReason: finished?.reason,
      SubmissionDateTime: seconds(query.submittedAt),
      CompletionDateTime: finished && seconds(finished.completedAt),
      AthenaError: finished?.error,
    },
    Statistics: statistics(query, now),
    WorkGroup: query.workGroup,
    EngineVersion: engineVersion,
    ExecutionParameters: query.values.length > 0 ? query.values : undefined,
  };
}

function statistics({ finished, submittedAt, state }: QueryRecord, now: number): Record<string, unknown> {
  const { statistics: s } = finished ?? {};
  const running = now - submittedAt;
  return {
    EngineExecutionTimeInMillis: s?.engineMs ?? (state === "RUNNING" ? running : 0),
    DataScannedInBytes: s?.scannedBytes ?? 0,
    TotalExecutionTimeInMillis: s?.totalMs ?? running,
    QueryQueueTimeInMillis: s?.queueMs ?? 0,
    QueryPlanningTimeInMillis: s?.planningMs,
    ServiceProcessingTimeInMillis: 0,
  };
}

/** The part of GetQueryRuntimeStatistics that exists here. */
export function runtimeStatistics({ finished }: QueryRecord, rows: number): Record<string, unknown> {
  const s = finished?.statistics;
  return {
    Timeline: {
      QueryQueueTimeInMillis: s?.queueMs ?? 0,
      QueryPlanningTimeInMillis: s?.planningMs ?? 0,
      EngineExecutionTimeInMillis: s?.engineMs ?? 0,
      ServiceProcessingTimeInMillis: 0,
      TotalExecutionTimeInMillis: s?.totalMs ?? 0,
    },
    Rows: { InputBytes: s?.scannedBytes ?? 0, OutputRows: rows },
  };
}

/** Throws why there is no result yet, or none at all. */
export function checkHasResult(query: QueryRecord): void {
  const { state } = query;
  const code = "INVALID_QUERY_EXECUTION_STATE";
  if (state === "FAILED") throw invalidRequest("Query did not finish successfully. Final query state: FAILED", code);
  if (state === "CANCELLED") throw invalidRequest("Could not find results", "RESULT_NOT_FOUND");
  if (state !== "SUCCEEDED") throw invalidRequest(`Query has not yet finished. Current state: ${state}`, code);
}

/** One page of GetQueryResults. The header is the first row of a SELECT and of EXPLAIN; tokens are the place of the next row. */
export function resultPage(
  query: QueryRecord,
  rows: readonly TextRow[],
  { NextToken, MaxResults }: { readonly NextToken?: string | undefined; readonly MaxResults: number },
): Record<string, unknown> {
  const { columns = [], shape, updateCount } = query.finished ?? {};
  const headed = shape === "csv" || query.substatementType === "EXPLAIN";
  const all = headed ? [columns.map(({ Name }) => Name), ...rows] : rows;
  const from = NextToken === undefined ? 0 : Number(NextToken);
  if (!Number.isInteger(from) || from < 0 || from > all.length) throw invalidRequest("Malformed token");
  const next = from + MaxResults;
  return {
    UpdateCount: updateCount,
    ResultSet: {
      Rows: all.slice(from, next).map((row) => ({ Data: row.map(datum) })),
      ResultSetMetadata: { ColumnInfo: columns },
    },
    NextToken: next < all.length ? String(next) : undefined,
  };
}

/** NULL is an empty datum. */
const datum = (value: string | undefined): Record<string, string> =>
  value === undefined ? {} : { VarCharValue: value };

export const workGroupBody = (group: WorkGroup): Record<string, unknown> => ({
  Name: group.name,
  State: group.enabled ? "ENABLED" : "DISABLED",
  Description: group.description,
  CreationTime: seconds(group.createdAt),
  Configuration: {
    EnforceWorkGroupConfiguration: group.enforced,
    BytesScannedCutoffPerQuery: group.bytesScannedCutoff,
    ResultConfiguration: { OutputLocation: group.outputLocation },
    EngineVersion: engineVersion,
    PublishCloudWatchMetricsEnabled: false,
    RequesterPaysEnabled: false,
  },
});

export const namedQueryBody = (query: NamedQuery): Record<string, unknown> => ({
  NamedQueryId: query.id,
  Name: query.name,
  Description: query.description,
  Database: query.database,
  QueryString: query.sql,
  WorkGroup: query.workGroup,
});

/** One page of ids. */
export function page(
  ids: readonly string[],
  { NextToken, MaxResults }: { readonly NextToken?: string | undefined; readonly MaxResults: number },
): { readonly items: readonly string[]; readonly NextToken: string | undefined } {
  const from = Number(NextToken ?? 0);
  const next = from + MaxResults;
  return { items: ids.slice(from, next), NextToken: next < ids.length ? String(next) : undefined };
}
