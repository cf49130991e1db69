import { setTimeout as delay } from "node:timers/promises";
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { WikilakeError } from "../../lib/platform/errors.ts";
import { expandLayerNames } from "../../schemas/queries/layer-names.ts";
import type { Target } from "../target.ts";

export type QueryRows = {
  readonly columns: readonly string[];
  /** Cells as Athena prints them; undefined is NULL. */
  readonly rows: readonly (readonly (string | undefined)[])[];
  readonly bytesScanned: number;
  readonly seconds: number;
  /** True when `maxRows` cut the answer. */
  readonly isCut: boolean;
};

type QueryOptions = {
  readonly maxRows?: number;
  readonly signal?: AbortSignal;
  readonly onWaiting?: (seconds: number) => void;
};

/** Poll fast at first: most answers come within a second; Athena allows 100 polls a second to an account. */
const pollsMs = [50, 100, 150, 250, 500, 1000];

export type QueryRunner = (sql: string, options?: QueryOptions) => Promise<QueryRows>;

/** Runs one statement in the target's query workgroup and reads its result. Throws QUERY_FAILED with Athena's reason. */
export function createQueryRunner(target: Target, athena = new AthenaClient({ region: target.region })): QueryRunner {
  return async (sql, options = {}) => {
    const queryString = expandLayerNames(sql, target.database);
    const started = await athena.send(
      new StartQueryExecutionCommand({
        QueryString: queryString,
        WorkGroup: target.workGroup,
        QueryExecutionContext: { Catalog: "AwsDataCatalog", Database: target.database("gold") },
      }),
    );
    const id = started.QueryExecutionId ?? "";
    const execution = await finished(athena, id, options);
    const state = execution.Status?.State;
    if (state !== "SUCCEEDED") {
      throw new WikilakeError("QUERY_FAILED", execution.Status?.StateChangeReason ?? `query ended as ${state}`, {
        retriable: false,
      });
    }
    return { ...(await readRows(athena, id, options.maxRows ?? Number.POSITIVE_INFINITY)), ...costOf(execution) };
  };
}

const costOf = (execution: QueryExecution): Pick<QueryRows, "bytesScanned" | "seconds"> => ({
  bytesScanned: execution.Statistics?.DataScannedInBytes ?? 0,
  seconds: (execution.Statistics?.TotalExecutionTimeInMillis ?? 0) / 1000,
});

async function finished(
  athena: AthenaClient,
  id: string,
  { signal, onWaiting }: QueryOptions,
): Promise<QueryExecution> {
  const startedMs = Date.now();
  for (let poll = 0; ; poll += 1) {
    if (signal?.aborted) {
      await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
      throw new WikilakeError("INTERRUPTED", "interrupted; the query was told to stop", { retriable: false });
    }
    const { QueryExecution: execution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    const state = execution?.Status?.State;
    if (execution && state !== "QUEUED" && state !== "RUNNING") return execution;
    onWaiting?.((Date.now() - startedMs) / 1000);
    await delay(pollsMs[Math.min(poll, pollsMs.length - 1)]);
  }
}

async function readRows(
  athena: AthenaClient,
  id: string,
  maxRows: number,
): Promise<Pick<QueryRows, "columns" | "rows" | "isCut">> {
  const rows: (string | undefined)[][] = [];
  let columns: string[] = [];
  let token: string | undefined;
  let isFirstPage = true;
  do {
    const page = await athena.send(
      new GetQueryResultsCommand({ QueryExecutionId: id, ...(token ? { NextToken: token } : {}) }),
    );
    columns = (page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name }) => Name ?? "");
    const cells = (page.ResultSet?.Rows ?? []).map(({ Data }) =>
      columns.map((_, index) => Data?.[index]?.VarCharValue),
    );
    // The first row of a SELECT's first page repeats the column names; statements without columns have none.
    const hasHeader = isFirstPage && cells.length > 0 && columns.every((name, index) => cells[0]?.[index] === name);
    rows.push(...(hasHeader ? cells.slice(1) : cells));
    token = page.NextToken;
    isFirstPage = false;
  } while (token !== undefined && rows.length < maxRows);
  return { columns, rows: rows.slice(0, maxRows), isCut: token !== undefined || rows.length > maxRows };
}
