import type { Random } from "../platform/clock.ts";

/** First step of the back-off; a single cut is answered within half a second. */
const baseMs = 500;
/** Of a server that does not take us: asking once a minute is polite and quick enough. */
export const maxRefusedMs = 60_000;
/** Of a server that takes us and then fails, however often: a silent or cut link is replaced within seconds. */
export const maxBrokenMs = 5_000;
/** For answers that a repeat will not change (403, 404, a redirect): keeps trying, seldom. */
const slowMs = 5 * 60_000;
/** A server may not send us away for longer than this. */
const maxRetryAfterMs = 15 * 60_000;

/** Exponential back-off with full jitter: any time up to base · 2^attempt, and up to `maxMs`. */
export function jitteredDelay(attempt: number, maxMs: number, random: Random): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 20));
}

/** Between half and the whole of five minutes. */
export function slowDelay(random: Random): number {
  return slowMs * (0.5 + random() / 2);
}

/** Milliseconds that a `Retry-After` header asks for (seconds or a date), or undefined when it is absent or no such thing. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), maxRetryAfterMs) : undefined;
}
