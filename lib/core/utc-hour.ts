export type UtcHour = { readonly date: string; readonly hour: number };

const hourMs = 3_600_000;
let lastIndex = Number.NaN;
let last: UtcHour = { date: "", hour: 0 };

/** UTC date (`YYYY-MM-DD`) and hour of an instant. Events come in order of time: the last answer is nearly always the next. */
export function utcHour(ms: number): UtcHour {
  const index = Math.floor(ms / hourMs);
  if (index !== lastIndex) {
    last = { date: utcDate(ms), hour: ((index % 24) + 24) % 24 };
    lastIndex = index;
  }
  return last;
}

/** UTC date of an instant, `YYYY-MM-DD`. */
export function utcDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
