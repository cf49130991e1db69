import type { Clock } from "../lib/platform/clock.ts";
import type { Ingest } from "./ingest.ts";
import type { Stats } from "./stats.ts";

const tickMs = 1_000;
/** Twice within the health check's interval. */
const healthEveryMs = 10_000;
/** Often enough for a live status and for the shortest alarm period; six log lines a minute. */
const metricsEveryMs = 10_000;
const cursorEveryMs = 60_000;
/** Longer than any send may take with its retries: then nothing moves any more and a restart is the only help. */
const stalledMs = 120_000;

type Deps = {
  readonly ingest: Ingest;
  readonly stats: Stats;
  readonly clock: Clock;
  readonly saveCursor: () => Promise<void>;
  readonly healthy: () => void;
};

/** What is done by the clock: complete minute rows, metrics, the stored cursor, the sign of health. */
export async function runHousekeeping(
  { ingest, stats, clock, saveCursor, healthy }: Deps,
  stop: AbortSignal,
): Promise<void> {
  const isDue = createTimetable(clock);
  let progress = { done: -1, atMs: clock.monotonic() };
  while (!stop.aborted) {
    const nowMs = clock.monotonic();
    const done = stats.totals.accepted + stats.totals.rejected;
    if (done !== progress.done || ingest.bufferedBytes === 0) progress = { done, atMs: nowMs };
    if (isDue("health", healthEveryMs) && nowMs - progress.atMs < stalledMs) healthy();
    ingest.writeMinutes("complete");
    if (isDue("metrics", metricsEveryMs)) stats.tell(ingest.bufferedBytes);
    if (isDue("cursor", cursorEveryMs)) await saveCursor();
    await clock.sleep(tickMs, stop);
  }
}

function createTimetable(clock: Clock): (task: string, everyMs: number) => boolean {
  const last = new Map<string, number>();
  return (task, everyMs) => {
    const nowMs = clock.monotonic();
    const dueMs = (last.get(task) ?? Number.NEGATIVE_INFINITY) + everyMs;
    if (nowMs < dueMs) return false;
    last.set(task, nowMs);
    return true;
  };
}
