import type { WallClock } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import type { CommitPolicy } from "./commit-policy.ts";
import { type EpochOutcome, failedOutcome, type OpenEpoch, tokenOf } from "./commit-slot.ts";
import { sumRows } from "./group.ts";
import type { PendingReader } from "./pending.ts";
import { isFinal, type QueryEngine, type QueryStatus } from "./query-engine.ts";
import type { StatementBuilder } from "./statement.ts";

export type EpochResult =
  | { readonly kind: "running"; readonly againInMs: number }
  | { readonly kind: "ended"; readonly outcome: EpochOutcome; readonly inserted: number | undefined };

type ResultDeps = {
  readonly engine: QueryEngine;
  readonly clock: WallClock;
  readonly log: Logger;
  readonly policy: CommitPolicy;
  readonly reader: PendingReader;
  /** When this invocation first saw an epoch's bad end, for engines that do not tell when it came. */
  readonly firstSeen: Map<number, number>;
  /** Ids of counts that this invocation started or joined, by token. */
  readonly verifying: Map<string, string>;
  readonly target: { readonly tables: Readonly<Record<string, StatementBuilder>> };
};

/** Small beside a statement of 1–5 s; Athena grants 100 looks a second to an account. */
const pollMs = 500;
/** A count that failed is asked for again under the next token; who asks for the same one shares one query. */
const maxVerifyAttempts = 20;

/** Of a statement that takes minutes a look a twentieth of its age later tells it early enough, and costs hardly a call. */
const longestPollMs = 5_000;

function running({ clock }: Pick<ResultDeps, "clock">, { openedAtMs }: OpenEpoch): EpochResult {
  const ageMs = clock.now() - openedAtMs;
  return { kind: "running", againInMs: Math.min(longestPollMs, Math.max(pollMs, ageMs / 20)) };
}

/**
 * What became of an epoch's statement, as far as it is certain. After a bad end it is certain only when `settleMs` have
 * passed since the final state: a commit may still land.
 */
export async function settleEpoch(deps: ResultDeps, open: OpenEpoch, queryId: string): Promise<EpochResult> {
  const status = await deps.engine.status(queryId);
  if (status === undefined) {
    // The engine has lost the query. It may have run: as with a lost id, only time makes sure.
    const isOver = deps.clock.now() - open.openedAtMs >= deps.policy.abandonMs;
    return isOver ? { kind: "ended", outcome: "unknown", inserted: undefined } : running(deps, open);
  }
  if (!isFinal(status.state)) return running(deps, open);
  return status.state === "SUCCEEDED" ? reconcile(deps, open, queryId) : settleFailure(deps, open, status);
}

function settleFailure(deps: ResultDeps, open: OpenEpoch, status: QueryStatus): EpochResult {
  const nowMs = deps.clock.now();
  const since = status.completedAtMs ?? deps.firstSeen.get(open.epoch) ?? nowMs;
  deps.firstSeen.set(open.epoch, since);
  const left = since + deps.policy.settleMs - nowMs;
  if (left > 0) return { kind: "running", againInMs: Math.min(left, longestPollMs) };
  const { epoch, table } = open;
  deps.log.warn("epoch-failed", { epoch, table, state: status.state, error: status.errorCode, class: status.failure });
  return { kind: "ended", outcome: failedOutcome(status.failure), inserted: undefined };
}

/** Inserted and already present must be what was staged. Only when the first does not say it all, the rest is counted. */
async function reconcile(deps: ResultDeps, open: OpenEpoch, queryId: string): Promise<EpochResult> {
  const { updateCount: inserted } = await deps.engine.result(queryId);
  const committed: EpochResult = { kind: "ended", outcome: "committed", inserted };
  if (!deps.policy.reconcile || inserted === open.rows) return committed;
  const { epoch, table, rows } = open;
  if (inserted !== undefined && inserted > rows) {
    // The rows are there, more than once: running it again cannot help, somebody has to look.
    deps.log.error("epoch-doubled", { epoch, table, rows, inserted });
    return committed;
  }
  const missing = await countMissing(deps, open);
  if (missing === "running") return running(deps, open);
  if (missing === 0) return committed;
  deps.log.error("epoch-unreconciled", { epoch, table, rows, inserted, missing });
  return { kind: "ended", outcome: "unreconciled", inserted };
}

async function countMissing(deps: ResultDeps, open: OpenEpoch): Promise<number | "running"> {
  const listed = (await deps.reader.list()).filter(({ marker }) => open.markers.includes(marker));
  const batches = await deps.reader.read(listed);
  // Markers go only after a successful count: somebody else has made it.
  if (batches.length === 0) return 0;
  const sql = deps.target.tables[open.table]?.verify(batches) ?? "";
  const queryId = await findVerified(deps, open, sql);
  if (queryId === undefined) return "running";
  const [row] = (await deps.engine.result(queryId)).rows;
  const [staged = Number.NaN, missing = Number.NaN] = (row ?? []).map(Number);
  return missing + (sumRows(batches) - staged);
}

/** Id of a succeeded count, or undefined while one is under way. Its token is a function of epoch and attempt alone. */
async function findVerified(deps: ResultDeps, open: OpenEpoch, sql: string): Promise<string | undefined> {
  const { database, workgroup, output } = open;
  for (let attempt = 0; attempt < maxVerifyAttempts; attempt += 1) {
    const token = tokenOf(open.token, "verify", String(attempt), sql);
    const known = deps.verifying.get(token);
    const request = { sql, token, database, workgroup, output: output ?? undefined };
    const queryId = known ?? (await deps.engine.start(request)).queryId;
    deps.verifying.set(token, queryId);
    const status = await deps.engine.status(queryId);
    if (status?.state === "SUCCEEDED") return queryId;
    if (status === undefined || !isFinal(status.state)) return undefined;
  }
  deps.log.error("epoch-uncounted", { epoch: open.epoch, table: open.table });
  return undefined;
}
