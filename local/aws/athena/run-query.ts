import type { Logger } from "../../../lib/platform/logger.ts";
import { type Authorizer, AwsError, type Permission, type Principal } from "../service.ts";
import { type AthenaError, athenaError, userError } from "./engine/error-shape.ts";
import type { TrinoStats } from "./engine/trino-protocol.ts";
import { type ExecuteDeps, executePlan, type Outcome, targetOf } from "./execute-plan.ts";
import type { AthenaFaults } from "./faults.ts";
import { impliedPermissions, vacuumPermissions } from "./implied-permissions.ts";
import type { ObjectStore } from "./object-store.ts";
import type { QueryList } from "./query-list.ts";
import type { FinishedQuery, QueryRecord } from "./query-record.ts";
import { type TextRow, toCsv, toLines } from "./result-file.ts";
import type { Slots } from "./slots.ts";
import type { Statement } from "./sql/statement.ts";
import { StatementError } from "./statement-error.ts";

export type RunDeps = ExecuteDeps & {
  readonly queries: QueryList;
  readonly authorizer: Authorizer;
  readonly objects: ObjectStore;
  readonly slots: Slots;
  readonly faults: AthenaFaults;
  readonly logger: Logger;
  /** Keeps the rows of a finished query at hand. */
  readonly remember: (id: string, rows: readonly TextRow[]) => void;
};

/** All that belongs to one execution beside its record. */
export type Job = {
  readonly query: QueryRecord;
  readonly statement: Statement;
  readonly principal: Principal;
  /** With parameters bound. */
  readonly sql: string;
  readonly bytesScannedCutoff: number | undefined;
  /** Aborted by StopQueryExecution, with the reason to report. */
  readonly stop: AbortController;
};

type Clock = { readonly submittedAt: number; runningAt: number; stats: TrinoStats | undefined };

/** Athena ends DML after 30 minutes. */
const dmlTimeoutMs = 30 * 60_000;
const byteLimitReason = "Query cancelled! : Bytes scanned limit was exceeded";

/**
 * Runs a query to its final state; never throws. A stop asks the engine to cancel and waits for its last word, so a commit
 * under way may still land although the query ends as CANCELLED.
 */
export async function runQuery(job: Job, deps: RunDeps): Promise<void> {
  const { query, stop } = job;
  const clock: Clock = { submittedAt: query.submittedAt, runningAt: 0, stats: undefined };
  const release = await queued(job, deps);
  const timeout = setTimeout(() => stop.abort("Query timeout"), dmlTimeoutMs);
  timeout.unref();
  try {
    clock.runningAt = deps.now();
    if (stop.signal.aborted) return finish(job, deps, clock, { state: "CANCELLED" });
    query.state = "RUNNING";
    const refused = deps.faults.failBeforeEngine?.(query);
    if (refused !== undefined) return finish(job, deps, clock, { state: "FAILED", error: userError(refused) });
    const outcome = await execute(job, deps, clock);
    await concluded(job, deps, clock, outcome);
  } catch (error) {
    failed(job, deps, clock, error);
  } finally {
    clearTimeout(timeout);
    release();
  }
}

async function queued({ query, stop }: Job, { faults, slots }: RunDeps): Promise<() => void> {
  const delay = (await faults.delay?.(query)) ?? 0;
  if (delay > 0) await abortableSleep(delay, stop.signal);
  return slots.acquire(stop.signal);
}

async function execute(job: Job, deps: RunDeps, clock: Clock): Promise<Outcome> {
  const { statement, principal, stop } = job;
  await deps.authorizer.check(principal, await impliedPermissions(statement, job.query.outputLocation, deps));
  if (statement.plan.kind === "vacuum" && !(await mayDelete(job, deps)))
    return { columns: [], rows: [], shape: "none", updateCount: undefined };
  const onStats = (stats: TrinoStats): void => {
    clock.stats = stats;
    const { bytesScannedCutoff: cutoff } = job;
    if (cutoff !== undefined && stats.physicalInputBytes > cutoff) stop.abort(byteLimitReason);
  };
  const explain = statement.substatementType === "EXPLAIN";
  return executePlan(statement.plan, { sql: job.sql, explain, signal: stop.signal, onStats }, deps);
}

/** On AWS a VACUUM without s3:DeleteObject succeeds and deletes nothing. */
async function mayDelete({ statement, principal }: Job, deps: RunDeps): Promise<boolean> {
  if (statement.plan.kind !== "vacuum") return true;
  const needed: readonly Permission[] = await vacuumPermissions(statement.plan.table, deps);
  return deps.authorizer.check(principal, needed).then(
    () => true,
    () => false,
  );
}

/** The statement has taken effect: what is reported of it is another matter. */
async function concluded(job: Job, deps: RunDeps, clock: Clock, outcome: Outcome): Promise<void> {
  const { query, stop } = job;
  await deps.faults.afterCommit?.(query);
  const blamed = deps.faults.reportFailedAlthoughCommitted?.(query);
  if (blamed !== undefined) return finish(job, deps, clock, { state: "FAILED", error: userError(blamed) });
  if (stop.signal.aborted) return finish(job, deps, clock, { state: "CANCELLED" });
  await writeResult(query, outcome, deps);
  deps.remember(query.id, outcome.rows);
  finish(job, deps, clock, { state: "SUCCEEDED", outcome });
}

/** The files lie there before the state says SUCCEEDED. A count has its metadata only, as on AWS. */
async function writeResult({ outputLocation }: QueryRecord, outcome: Outcome, { objects }: RunDeps): Promise<void> {
  const { columns, rows, shape, updateCount } = outcome;
  const names = columns.map(({ Name }) => Name);
  const writes: Promise<void>[] = [];
  if (shape === "csv") writes.push(objects.put(outputLocation, toCsv(names, rows), "application/octet-stream"));
  if (shape === "lines") writes.push(objects.put(outputLocation, toLines(rows), "binary/octet-stream"));
  if (columns.length > 0) {
    const metadata = JSON.stringify({ columns, updateCount });
    writes.push(objects.put(`${outputLocation}.metadata`, metadata, "application/octet-stream"));
  }
  await Promise.all(writes);
}

function failed(job: Job, deps: RunDeps, clock: Clock, error: unknown): void {
  const { query, stop, statement } = job;
  if (stop.signal.aborted) {
    finish(job, deps, clock, { state: "CANCELLED" });
    return;
  }
  const shape = reasonOf(error, targetOf(statement.uses));
  deps.logger.warn("query-failed", { queryId: query.id, kind: statement.substatementType, reason: shape.ErrorMessage });
  finish(job, deps, clock, { state: "FAILED", error: shape });
}

function reasonOf(error: unknown, target: string | undefined): AthenaError {
  if (error instanceof StatementError) return error.athena;
  if (!(error instanceof AwsError)) return athenaError(error, target);
  if (!error.message.includes("s3:"))
    return userError(`Insufficient permissions to execute the query. ${error.message}`);
  return userError(`PERMISSION_DENIED: Access Denied (Service: Amazon S3; Status Code: 403): ${error.message}`);
}

type Ending =
  | { readonly state: "SUCCEEDED"; readonly outcome: Outcome }
  | { readonly state: "FAILED"; readonly error: AthenaError }
  | { readonly state: "CANCELLED" };

function finish({ query, stop }: Job, { queries, now }: RunDeps, clock: Clock, ending: Ending): void {
  const outcome = ending.state === "SUCCEEDED" ? ending.outcome : undefined;
  const reason = ending.state === "CANCELLED" ? String(stop.signal.reason) : undefined;
  const { updateCount } = outcome ?? {};
  const end: FinishedQuery = {
    id: query.id,
    state: ending.state,
    completedAt: now(),
    statistics: statistics(clock, now()),
    columns: [...(outcome?.columns ?? [])],
    shape: outcome?.shape ?? "none",
    ...(updateCount !== undefined && { updateCount }),
    ...(reason !== undefined && { reason }),
    ...(ending.state === "FAILED" && { error: ending.error, reason: ending.error.ErrorMessage }),
  };
  queries.finish(query, end);
}

const statistics = ({ submittedAt, runningAt, stats }: Clock, at: number): FinishedQuery["statistics"] => ({
  queueMs: runningAt - submittedAt,
  engineMs: at - runningAt,
  planningMs: stats?.planningTimeMillis ?? 0,
  totalMs: at - submittedAt,
  scannedBytes: stats?.physicalInputBytes ?? 0,
});

function abortableSleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
