import { sqlDates, sqlIntegers, sqlTimestamp } from "./sql-text.ts";

/** A window is a minute, named by its number since the epoch. */
export type Minute = number;
export const minuteMs = 60_000;
const minutesPerHour = 60;

export const minuteOf = (ms: number): Minute => Math.floor(ms / minuteMs);

/** YYYY-MM-DD of a time, UTC. */
export const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

type Range = { readonly from: Minute; readonly to: Minute };

/** Consecutive minutes joined; `to` is exclusive. */
function rangesOf(minutes: readonly Minute[]): Range[] {
  const ranges: Range[] = [];
  for (const minute of [...new Set(minutes)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.to === minute) ranges[ranges.length - 1] = { from: last.from, to: minute + 1 };
    else ranges.push({ from: minute, to: minute + 1 });
  }
  return ranges;
}

/** `(x >= TIMESTAMP '…' AND x < TIMESTAMP '…' OR …)`: exactly these minutes, as ranges that file statistics can prune by. */
export function inMinutes(column: string, minutes: readonly Minute[]): string {
  const ranges = rangesOf(minutes).map(
    ({ from, to }) => `${column} >= ${sqlTimestamp(from * minuteMs)} AND ${column} < ${sqlTimestamp(to * minuteMs)}`,
  );
  return `(${ranges.join(" OR ")})`;
}

/** Partitions of bronze that hold these minutes, hour by hour of each date. */
export function inPartitions(minutes: readonly Minute[]): string {
  const hours = new Map<string, Set<number>>();
  for (const minute of minutes) {
    const date = dateOf(minute * minuteMs);
    const known = hours.get(date) ?? new Set();
    hours.set(date, known.add(Math.floor(minute / minutesPerHour) % 24));
  }
  const days = [...hours].map(
    ([date, ofDay]) => `event_date IN (${sqlDates([date])}) AND event_hour IN (${sqlIntegers([...ofDay])})`,
  );
  return `(${days.join(" OR ")})`;
}

/** `'2026-11-21', '2026-11-22'`: the partitions of a live table that hold these minutes. */
export function datesOf(minutes: readonly Minute[]): string {
  return sqlDates(minutes.map((minute) => dateOf(minute * minuteMs)));
}

/** One minute of each hour from `fromMs` to `toMs`, both hours included: what inPartitions needs of a span. */
export function hoursBetween(fromMs: number, toMs: number): Minute[] {
  const first = Math.floor(minuteOf(fromMs) / minutesPerHour);
  const last = Math.floor(minuteOf(toMs) / minutesPerHour);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * minutesPerHour);
}
