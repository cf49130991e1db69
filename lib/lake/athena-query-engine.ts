import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecutionStatus,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { permanentError, throttledError, transientError } from "./errors.ts";
import type { FailureClass, QueryEngine, QueryResult, QueryState, QueryStatus } from "./query-engine.ts";

type AthenaDeps = {
  /** Must be made with maxAttempts 1: a retry of ours decides about the slot, one of the SDK's does not. */
  readonly starter: AthenaClient;
  /** For reads; the SDK may retry them. */
  readonly reader: AthenaClient;
};

/** Athena as a query engine. */
export function createAthenaEngine({ starter, reader }: AthenaDeps): QueryEngine {
  return {
    start: async ({ sql, token, database, workgroup, output }) => {
      const command = new StartQueryExecutionCommand({
        QueryString: sql,
        ClientRequestToken: token,
        QueryExecutionContext: { Database: database },
        WorkGroup: workgroup,
        ...(output === undefined ? {} : { ResultConfiguration: { OutputLocation: output } }),
      });
      const { QueryExecutionId } = await calling("start", () => starter.send(command));
      if (QueryExecutionId === undefined) throw transientError("athena start", new Error("no query id in the answer"));
      return { queryId: QueryExecutionId };
    },
    status: async (queryId) => {
      const command = new GetQueryExecutionCommand({ QueryExecutionId: queryId });
      const answer = await calling("status", () => reader.send(command).catch(undefinedWhenUnknown));
      const status = answer?.QueryExecution?.Status;
      return status === undefined ? undefined : toStatus(status);
    },
    result: (queryId) => calling("result", () => readResult(reader, queryId)),
    stop: async (queryId) => {
      await calling("stop", () => reader.send(new StopQueryExecutionCommand({ QueryExecutionId: queryId })));
    },
  };
}

async function readResult(reader: AthenaClient, queryId: string): Promise<QueryResult> {
  // The first page: a count needs one row, and Athena puts a SELECT's heading in front.
  const answer = await reader.send(new GetQueryResultsCommand({ QueryExecutionId: queryId, MaxResults: 100 }));
  const names = (answer.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name }) => Name);
  const rows = (answer.ResultSet?.Rows ?? []).map(({ Data = [] }) => Data.map((cell) => cell.VarCharValue));
  // A SELECT repeats its column names as the first row; SHOW does not.
  const hasHeading = names.length > 0 && names.every((name, index) => rows[0]?.[index] === name);
  return { updateCount: answer.UpdateCount, rows: hasHeading ? rows.slice(1) : rows };
}

function toStatus(status: QueryExecutionStatus): QueryStatus {
  const errorCode = status.State === "FAILED" ? codeIn(status.StateChangeReason) : undefined;
  return {
    // as: the SDK's enum has exactly these five members.
    state: (status.State ?? "QUEUED") as QueryState,
    completedAtMs: status.CompletionDateTime?.getTime(),
    errorCode,
    failure: status.State === "FAILED" ? classify(status, errorCode) : undefined,
  };
}

/**
 * Codes that say the rows themselves cannot be read or written. Only these make a batch a suspect: anything else
 * (throttling, a commit conflict, a missing permission or table, an outage) would, taken for the data's fault, turn good
 * records into dead letters.
 */
const dataErrors: readonly string[] = [
  "HIVE_BAD_DATA",
  "HIVE_CURSOR_ERROR",
  "HIVE_INVALID_PARTITION_VALUE",
  "HIVE_CANNOT_OPEN_SPLIT",
  "PARQUET_BAD_DATA",
  "ICEBERG_TOO_MANY_OPEN_PARTITIONS",
  "ICEBERG_WRITER_DATA_ERROR",
  "INVALID_CAST_ARGUMENT",
  "INVALID_FUNCTION_ARGUMENT",
  "NUMERIC_VALUE_OUT_OF_RANGE",
  "GENERIC_USER_ERROR",
  "EXCEEDED_MEMORY_LIMIT",
  "EXCEEDED_LOCAL_MEMORY_LIMIT",
  "EXCEEDED_TIME_LIMIT",
  "GENERIC_INTERNAL_ERROR",
  "INTERNAL_ERROR_QUERY_ENGINE",
];

function classify(status: QueryExecutionStatus, errorCode: string | undefined): FailureClass {
  if (status.AthenaError?.Retryable === true) return "environment";
  return errorCode !== undefined && dataErrors.includes(errorCode) ? "data" : "environment";
}

/** The code stands first in the reason: `HIVE_CURSOR_ERROR: …`. What follows may quote data and is not kept. */
function codeIn(reason: string | undefined): string | undefined {
  return /^[A-Z][A-Z0-9_]{2,60}(?=$|[:\s])/.exec(reason ?? "")?.[0];
}

/** Athena answers 400 InvalidRequestException for an id that it does not know. */
function undefinedWhenUnknown(error: unknown): undefined {
  if (error instanceof Error && error.name === "InvalidRequestException" && /not found/i.test(error.message)) return;
  throw error;
}

/** Answers that say that the call was not taken. Anything else, a server's fault among it, may have had its effect. */
const throttles: readonly string[] = ["TooManyRequestsException", "ThrottlingException"];
const refusals: readonly string[] = ["InvalidRequestException", "AccessDeniedException", "ValidationException"];

async function calling<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    if (refusals.includes(name)) throw permanentError(`athena ${operation}`, error);
    if (throttles.includes(name)) throw throttledError(`athena ${operation}`, error);
    throw transientError(`athena ${operation}`, error);
  }
}
