import { setTimeout as sleep } from "node:timers/promises";
import {
  AthenaClient,
  type AthenaClientConfig,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
} from "@aws-sdk/client-athena";

export type Answer = {
  readonly execution: QueryExecution;
  readonly rows: readonly (readonly (string | undefined)[])[];
  readonly updateCount: number | undefined;
};

/** An SDK client that runs a statement to its end, as our own code does it: start, poll, read. */
export function athenaClient(
  config: AthenaClientConfig,
  defaults: Omit<StartQueryExecutionCommandInput, "QueryString"> = {},
) {
  const client = new AthenaClient(config);
  const start = async (sql: string, more: Partial<StartQueryExecutionCommandInput> = {}): Promise<string> => {
    const { QueryExecutionId } = await client.send(
      new StartQueryExecutionCommand({ QueryString: sql, ...defaults, ...more }),
    );
    return QueryExecutionId ?? "";
  };
  const get = async (id: string): Promise<QueryExecution> => {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    return QueryExecution ?? {};
  };
  const settled = async (id: string): Promise<QueryExecution> => {
    for (;;) {
      const execution = await get(id);
      if (["SUCCEEDED", "FAILED", "CANCELLED"].includes(execution.Status?.State ?? "")) return execution;
      await sleep(5);
    }
  };
  const results = async (id: string): Promise<Pick<Answer, "rows" | "updateCount">> => {
    const { ResultSet, UpdateCount } = await client.send(new GetQueryResultsCommand({ QueryExecutionId: id }));
    const rows = (ResultSet?.Rows ?? []).map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue));
    return { rows, updateCount: UpdateCount };
  };
  /** Runs to the end; throws when the query did not succeed. */
  const run = async (sql: string, more: Partial<StartQueryExecutionCommandInput> = {}): Promise<Answer> => {
    const id = await start(sql, more);
    const execution = await settled(id);
    if (execution.Status?.State !== "SUCCEEDED")
      throw new Error(`${execution.Status?.State}: ${execution.Status?.StateChangeReason}`);
    return { execution, ...(await results(id)) };
  };
  return { client, start, get, settled, results, run };
}
