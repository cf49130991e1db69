import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import type { Ground, SimProcess } from "./process.ts";
import { type LakeStatement, readStatement, type SqlRow } from "./sql-statement.ts";
import type { StageReader } from "./stage-reader.ts";

export type TableRow = SqlRow;
export type Tables = { readonly raw_events: TableRow[]; readonly dead_letter: TableRow[] };

export type FakeAthena = {
  readonly tables: Tables;
  /** Rows of both tables at one place of Kafka. */
  rowsAt(topic: string, partition: number, offset: number): readonly TableRow[];
  /** How often a statement with this row alone ended as if the row were at fault, by place. */
  readonly failedAlone: ReadonlyMap<string, number>;
  client(process: SimProcess): AthenaClient;
};

type Ending = { readonly state: "SUCCEEDED" | "FAILED" | "CANCELLED"; readonly reason?: string };
type Query = {
  readonly sql: string;
  readonly runsAtMs: number;
  readonly endsAtMs: number;
  readonly ending: Ending;
  readonly result: { readonly UpdateCount?: number; readonly rows: readonly (readonly string[])[] };
};

/** A token is remembered for at least ten minutes; this Athena forgets it right after. */
const tokenMs = 10 * 60_000;
/** Statements end within an hour (assumed). */
const maxRunMs = 55 * 60_000;
/** A commit in flight lands within a minute of its statement's end (assumed). */
const maxLandingMs = 58_000;
/** A signed request is taken for five minutes. */
const signatureMs = 5 * 60_000;

/**
 * Athena over an Iceberg catalog that validates nothing: a statement reads the tables as they are when it begins and
 * appends when it ends, so two that run at once do not see each other and both commit.
 */
export function createFakeAthena(ground: Ground, stage: StageReader, isPoison: (row: SqlRow) => boolean): FakeAthena {
  const { scheduler, plan, trace, broken } = ground;
  const tables: Tables = { raw_events: [], dead_letter: [] };
  const index = new Map<string, TableRow[]>();
  const tokens = new Map<string, { readonly queryId: string; readonly atMs: number; readonly request: string }>();
  const queries = new Map<string, Query>();
  const failedAlone = new Map<string, number>();
  const tableOf = (row: TableRow): keyof Tables => (row["row_kind"] === "event" ? "raw_events" : "dead_letter");
  const placeOf = (row: SqlRow): string => `${row["kafka_topic"]}/${row["kafka_partition"]}/${row["kafka_offset"]}`;
  const append = (rows: readonly TableRow[]): void => {
    for (const row of rows) {
      tables[tableOf(row)].push(row);
      const place = placeOf(row);
      index.set(place, [...(index.get(place) ?? []), row]);
    }
  };
  /** Only rows at the same place can be the same: the condition always says so, and decides about the rest. */
  const isAbsent = (statement: LakeStatement, row: SqlRow): boolean =>
    statement.notExists.every(({ table, condition }) =>
      (index.get(placeOf(row)) ?? []).every((other) => tableOf(other) !== table || !condition(other, row)),
    );

  const begin = async (sql: string): Promise<Omit<Query, "runsAtMs">> => {
    const statement = readStatement(sql);
    const staged = (await Promise.all(statement.batches.map((id) => stage.read(id)))).flat();
    const rows = staged.filter((row) => row["row_kind"] === statement.rowKind);
    // A statement may succeed and not have seen all that was staged.
    const isShort = statement.verb === "insert" && plan.strikes("athena.short");
    const seen = isShort ? rows.slice(0, Math.floor(rows.length / 2)) : rows;
    const absent = seen.filter((row) => isAbsent(statement, row));
    const ending = end(statement, rows);
    const [only] = rows;
    if (statement.verb === "insert" && rows.length === 1 && only !== undefined && (isShort || ending.isData))
      failedAlone.set(placeOf(only), (failedAlone.get(placeOf(only)) ?? 0) + 1);
    const isSlow = plan.strikes("athena.slow");
    const runMs = isSlow ? plan.random("slow-ms") * maxRunMs : 500 + plan.random("run-ms") * 6_000;
    const endsAtMs = scheduler.now() + runMs;
    if (statement.verb === "insert") {
      const isLate = ending.state !== "SUCCEEDED" && ending.lands;
      const landsInMs = runMs + (isLate ? plan.random("landing-ms") * maxLandingMs : 0);
      if (ending.lands) void scheduler.sleep(landsInMs).then(() => append(absent));
    }
    const isCounted = !plan.strikes("athena.uncounted");
    const result = {
      ...(statement.verb === "insert" && isCounted ? { UpdateCount: absent.length } : {}),
      rows: statement.verb === "count" ? [[String(rows.length), String(absent.length)]] : [],
    };
    return { sql, endsAtMs, ending, result };
  };

  const end = (statement: LakeStatement, rows: readonly SqlRow[]): Ending & { lands: boolean; isData?: true } => {
    const isBad = (statement.rowKind === "event" && rows.some(isPoison)) || plan.strikes("athena.bad-read");
    if (isBad)
      return { state: "FAILED", reason: "HIVE_CURSOR_ERROR: a page cannot be read", lands: false, isData: true };
    if (plan.strikes("athena.conflict"))
      return { state: "FAILED", reason: "ICEBERG_COMMIT_ERROR: conflict", lands: false };
    if (plan.strikes("athena.failed-committed"))
      return { state: "FAILED", reason: "ICEBERG_COMMIT_ERROR: unknown", lands: true };
    if (plan.strikes("athena.cancelled")) return { state: "CANCELLED", lands: plan.random("cancelled") < 0.5 };
    return { state: "SUCCEEDED", lands: true };
  };

  const start = async (sql: string, token: string, request: string): Promise<string> => {
    const known = tokens.get(token);
    if (known !== undefined && scheduler.now() - known.atMs < tokenMs) {
      if (known.request !== request) throw failure("InvalidRequestException", "token used with other parameters");
      return known.queryId;
    }
    const queryId = `q${queries.size + 1}`;
    tokens.set(token, { queryId, atMs: scheduler.now(), request });
    const queueMs = plan.random("queue-ms") * 1500;
    const runsAtMs = scheduler.now() + queueMs;
    const waiting: Query = {
      sql,
      runsAtMs,
      endsAtMs: Number.POSITIVE_INFINITY,
      ending: { state: "SUCCEEDED" },
      result: { rows: [] },
    };
    queries.set(queryId, waiting);
    trace(`${queryId} is queued: ${sql.slice(0, 30).replaceAll("\n", " ")}`);
    const run = async (): Promise<void> => {
      await scheduler.sleep(queueMs);
      const query = { ...(await begin(sql)), runsAtMs };
      queries.set(queryId, query);
      trace(`${queryId} runs until ${new Date(query.endsAtMs).toISOString()}, then ${query.ending.state}`);
    };
    run().catch(broken);
    return queryId;
  };

  const status = (queryId: string) => {
    const query = queries.get(queryId);
    if (query === undefined) throw failure("InvalidRequestException", `QueryExecution ${queryId} was not found`);
    const now = scheduler.now();
    if (now < query.endsAtMs)
      return { QueryExecution: { Status: { State: now < query.runsAtMs ? "QUEUED" : "RUNNING" } } };
    const { state, reason } = query.ending;
    const CompletionDateTime = new Date(Math.floor(query.endsAtMs));
    return { QueryExecution: { Status: { State: state, StateChangeReason: reason, CompletionDateTime } } };
  };

  const results = (queryId: string) => {
    const { UpdateCount, rows } = queries.get(queryId)?.result ?? { rows: [] };
    const Rows = rows.map((row) => ({ Data: row.map((VarCharValue) => ({ VarCharValue })) }));
    return {
      UpdateCount,
      ResultSet: { Rows, ResultSetMetadata: { ColumnInfo: [{ Name: "_col0" }, { Name: "_col1" }] } },
    };
  };

  const send = async (command: unknown, process: SimProcess): Promise<unknown> => {
    const signedAtMs = scheduler.now();
    return process.call(60, async () => {
      if (plan.strikes("athena.throttled")) throw failure("TooManyRequestsException", "rate exceeded");
      if (command instanceof GetQueryExecutionCommand) return maybeLost(status(command.input.QueryExecutionId ?? ""));
      if (command instanceof GetQueryResultsCommand) return maybeLost(results(command.input.QueryExecutionId ?? ""));
      if (!(command instanceof StartQueryExecutionCommand))
        throw new Error("simulation: a command of Athena that is not known");
      if (scheduler.now() - signedAtMs > signatureMs) throw failure("InvalidSignatureException", "signature expired");
      if (plan.strikes("athena.refused")) throw failure("AccessDeniedException", "not authorized");
      const { QueryString = "", ClientRequestToken = "" } = command.input;
      const request = JSON.stringify(command.input);
      if (plan.strikes("athena.start-late")) {
        const late = scheduler.sleep(plan.random("late-ms") * signatureMs);
        late.then(() => start(QueryString, ClientRequestToken, request)).catch(broken);
        throw new Error("timeout");
      }
      const QueryExecutionId = await start(QueryString, ClientRequestToken, request);
      if (plan.strikes("athena.start-lost")) throw new Error("connection reset");
      return { QueryExecutionId };
    });
  };
  const maybeLost = <T>(value: T): T => {
    if (plan.strikes("athena.reply-lost")) throw new Error("connection reset");
    return value;
  };

  return {
    tables,
    failedAlone,
    rowsAt: (topic, partition, offset) => index.get(`${topic}/${partition}/${offset}`) ?? [],
    client: (process) => ({ send: (command: unknown) => send(command, process) }) as unknown as AthenaClient, // as: all that is used
  };
}

function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
