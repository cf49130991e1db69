import type { LiveRules } from "./live-rules.ts";
import type { LiveState } from "./live-state.ts";
import { type LiveDatabases, newestPartitionSql, type ProbeSpan, probeSql } from "./live-statements.ts";
import { hoursBetween, type Minute, minuteMs, minuteOf } from "./live-windows.ts";
import type { QueryResult } from "./query-engine.ts";

/** What bronze got since the mark. */
export type Found = { readonly newestMs: number; readonly minutes: readonly Minute[] };

type FindDeps = { readonly rules: LiveRules; readonly databases: LiveDatabases };
type Run = (sql: string) => Promise<QueryResult>;

/**
 * Asks bronze what came since the mark: first the hours around the clock; only when those got nothing, the metadata for
 * where else rows went (a replay of older events) and the hours around that. undefined: nothing that counts.
 */
export async function findNew(
  run: Run,
  { rules, databases }: FindDeps,
  { seenUntilMs, newestMs }: LiveState,
  nowMs: number,
): Promise<Found | undefined> {
  const lateMs = rules.lateMinutes * minuteMs;
  const span: ProbeSpan = { fromMs: seenUntilMs, toMs: nowMs + rules.aheadMs };
  const around = await probe(run, databases, hoursBetween(nowMs - lateMs, span.toMs), span);
  if (around !== undefined) return around;
  const [partition] = (await run(newestPartitionSql(databases, span))).rows;
  const elsewhereMs = partition === undefined ? undefined : hourMsOf(partition);
  if (elsewhereMs === undefined) return undefined;
  // Too far behind what is known already: only gold takes it.
  if (newestMs !== null && elsewhereMs + 60 * minuteMs < newestMs - lateMs) return undefined;
  return probe(run, databases, hoursBetween(elsewhereMs - lateMs, elsewhereMs), span);
}

async function probe(
  run: Run,
  databases: LiveDatabases,
  hours: readonly Minute[],
  span: ProbeSpan,
): Promise<Found | undefined> {
  const [[newest, minutes] = []] = (await run(probeSql(databases, hours, span))).rows;
  if (newest === undefined || minutes === undefined) return undefined;
  return { newestMs: Number(newest), minutes: minutes.split(",").map(Number) };
}

/** Start of the hour that `date, hour` name; undefined for what is no such pair. */
function hourMsOf([date = "", hour = ""]: readonly (string | undefined)[]): number | undefined {
  const ms = Date.parse(`${date}T${hour.padStart(2, "0")}:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The windows to recompute: those still open, those that got rows, and the last ones before the newest event; none
 * further behind that than the layer looks back.
 */
export function dirtyMinutes(rules: LiveRules, state: LiveState, found: Found): Pick<LiveState, "newestMs" | "open"> {
  const newestMs = Math.max(state.newestMs ?? found.newestMs, found.newestMs);
  const last = minuteOf(newestMs);
  const recent = Array.from({ length: rules.recomputeMinutes }, (_, index) => last - index);
  const open = new Set([...state.open, ...found.minutes, ...recent]);
  return { newestMs, open: [...open].filter((minute) => minute > last - rules.lateMinutes).sort((a, b) => a - b) };
}
