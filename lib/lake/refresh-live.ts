import type { Logger } from "../platform/logger.ts";
import { bronzePendingPrefix } from "./bronze-batch.ts";
import { LakeError } from "./errors.ts";
import { mergeBlacklistHits } from "./live-blacklist.ts";
import { dirtyMinutes, findNew } from "./live-dirty.ts";
import type { LiveRules } from "./live-rules.ts";
import { type HeldState, holdState } from "./live-state.ts";
import { compactSql, type LiveDatabases, mergeWindows } from "./live-statements.ts";
import { liveTables } from "./live-tables.ts";
import { type Minute, minuteMs } from "./live-windows.ts";
import type { ObjectStore } from "./object-store.ts";
import { runStatement, type StatementDeps } from "./run-statement.ts";

export type RefreshDeps = StatementDeps & {
  readonly store: ObjectStore;
  readonly rules: LiveRules;
  readonly databases: LiveDatabases;
  readonly workgroup: string;
  readonly newUuid: () => string;
  readonly log: Logger;
};

/** `busy`: another run holds the lease. `idle`: bronze got nothing. `done`: `left` minutes wait for the next run. */
export type RefreshOutcome =
  | { readonly kind: "busy" | "idle" }
  | {
      readonly kind: "done";
      readonly minutes: number;
      readonly left: number;
      readonly rows: number;
      readonly newestMs: number;
    };

/** Rows staged this long before a look may not have had their pending marker yet: clocks that differ, a slow PUT. */
const settleMs = 5 * minuteMs;
/** A statement of bronze ends within an hour or never (architecture §4): a marker older than that holds nothing up. */
const maxPendingMs = 60 * minuteMs;
/** The lease outlives the function by this: a statement told to stop may still land. */
const leaseMarginMs = 60_000;
/** Statements at once: one after the other would cost half of the minute, all at once memory on a small engine. */
const parallel = 3;
const hourMs = 60 * minuteMs;

/**
 * One run: finds the minutes that got rows since the last one, recomputes them in every table, and leaves what it could not
 * finish until `deadlineMs` to the next. Throws LakeError; what was found dirty stays dirty then.
 */
export async function refreshLive(deps: RefreshDeps, deadlineMs: number): Promise<RefreshOutcome> {
  const lifetime = { nowMs: deps.clock.now(), untilMs: deadlineMs + leaseMarginMs };
  const held = await holdState(deps.store, { holder: deps.newUuid(), ...lifetime });
  if (held === undefined) return { kind: "busy" };
  let lease = {};
  try {
    await noteNew(deps, held, deadlineMs);
    const outcome = await recompute(deps, held, deadlineMs);
    await compact(deps, held, deadlineMs);
    lease = { leaseUntilMs: 0 };
    return outcome;
  } catch (error) {
    // A statement that did not end may still commit: whoever comes next waits out the lease.
    if (!isUnfinished(error)) lease = { leaseUntilMs: 0 };
    throw error;
  } finally {
    await held.save(lease).catch(() => deps.log.warn("live-lease-kept", {}));
  }
}

const isUnfinished = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "STATEMENT_TOO_LATE";

/** Moves the mark, with the minutes found written down in the same step. */
async function noteNew(deps: RefreshDeps, held: HeldState, deadlineMs: number): Promise<void> {
  const nowMs = deps.clock.now();
  const pending = await deps.store.list(bronzePendingPrefix);
  const found = await findNew((sql) => statement(deps, sql, deadlineMs), deps, held.state, nowMs);
  const oldest = Math.min(nowMs, ...pending.map(({ lastModifiedMs }) => lastModifiedMs));
  await held.save({
    seenUntilMs: Math.max(0, Math.max(oldest, nowMs - maxPendingMs) - settleMs),
    ...(found === undefined ? {} : dirtyMinutes(deps.rules, held.state, found)),
  });
}

async function recompute(deps: RefreshDeps, held: HeldState, deadlineMs: number): Promise<RefreshOutcome> {
  const { newestMs, open } = held.state;
  if (newestMs === null || open.length === 0) return { kind: "idle" };
  let rows = 0;
  // Newest first: that is what people look at.
  while (held.state.open.length > 0 && deps.clock.now() < deadlineMs) {
    const left = [...held.state.open].sort((a, b) => b - a);
    const minutes = left.splice(0, deps.rules.minutesPerStatement);
    rows += await replaceInPieces(deps, minutes, deadlineMs);
    await held.save({ open: left });
  }
  const left = held.state.open.length;
  return { kind: "done", minutes: open.length - left, left, rows, newestMs };
}

/** As one statement a table; in halves where the engine cannot take so much at once. Rows changed in all tables. */
async function replaceInPieces(deps: RefreshDeps, minutes: readonly Minute[], deadlineMs: number): Promise<number> {
  try {
    return await replaceWindows(deps, minutes, deadlineMs);
  } catch (error) {
    const isTooMuch = error instanceof LakeError && error.code === "STATEMENT_FAILED" && !error.retriable;
    if (!isTooMuch || minutes.length === 1) throw error;
    const half = Math.ceil(minutes.length / 2);
    deps.log.warn("live-halved", { minutes: minutes.length });
    const first = await replaceInPieces(deps, minutes.slice(0, half), deadlineMs);
    return first + (await replaceInPieces(deps, minutes.slice(half), deadlineMs));
  }
}

/** Rows changed in all tables. */
async function replaceWindows(deps: RefreshDeps, minutes: readonly Minute[], deadlineMs: number): Promise<number> {
  const { databases, rules } = deps;
  const nowMs = deps.clock.now();
  const merges = liveTables(rules).map((table) => mergeWindows(databases, table, minutes, nowMs));
  const hits = mergeBlacklistHits(databases, rules.terms, minutes, nowMs);
  const statements = hits === undefined ? merges : [...merges, hits];
  let rows = 0;
  for (let from = 0; from < statements.length; from += parallel) {
    const settled = await Promise.allSettled(
      statements.slice(from, from + parallel).map((sql) => statement(deps, sql, deadlineMs)),
    );
    // All ends are awaited: the lease must not be given back while one of them still writes.
    const failures = settled.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    if (failures.length > 0) throw failures.find(isUnfinished) ?? failures[0];
    for (const end of settled) if (end.status === "fulfilled") rows += end.value.updateCount ?? 0;
  }
  return rows;
}

/** Once an hour: each run leaves a data file and a delete file, and a day of them would make every view slow. */
async function compact(deps: RefreshDeps, held: HeldState, deadlineMs: number): Promise<void> {
  const { newestMs, compactedHour, open } = held.state;
  const hour = Math.floor(deps.clock.now() / hourMs);
  if (newestMs === null || open.length > 0 || compactedHour === hour) return;
  if (compactedHour > 0) {
    const tables = [...liveTables(deps.rules).map(({ name }) => name), "blacklist_hits"];
    for (const table of tables) await statement(deps, compactSql(deps.databases, table, newestMs), deadlineMs);
  }
  await held.save({ compactedHour: hour });
}

const statement = (deps: RefreshDeps, sql: string, deadlineMs: number) =>
  runStatement(
    deps,
    { sql, token: deps.newUuid(), database: deps.databases.live, workgroup: deps.workgroup, output: undefined },
    deadlineMs,
  );
