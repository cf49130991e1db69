import type { Clock, Random } from "../platform/clock.ts";
import type { Logger } from "../platform/logger.ts";
import { jitteredDelay, maxBrokenMs, maxRefusedMs, slowDelay } from "./backoff.ts";
import { type CloseReason, type ConnectionEnd, type ConnectionSink, runConnection } from "./connection.ts";

/** A connection that lived this long and delivered something was a good one: the next failure starts from the beginning. */
const goodConnectionMs = 5_000;

export type SseSourceConfig = { readonly url: URL; readonly userAgent: string };
export type SseSourceDeps = {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
};
export type SseSink = ConnectionSink & {
  /** `Last-Event-ID` of the next connection, asked for just before it. */
  lastEventId(): string;
  closed(end: ConnectionEnd): void;
  /** The source refused the cursor (400) at this time of its own: `retry` when there is another one to ask with. */
  cursorRefused(serverMs: number | undefined): "retry" | "wait";
};

/** Answers that the same request will get again until a person acts. */
const stubborn: ReadonlySet<CloseReason> = new Set(["forbidden", "not_found", "redirected", "unexpected_status"]);

/**
 * Reads an event stream for ever: connects, reads until the connection ends for whatever reason, waits as that reason
 * asks for, connects again. Resolves only when `stop` is aborted.
 */
export async function runSseSource(
  config: SseSourceConfig,
  deps: SseSourceDeps,
  sink: SseSink,
  stop: AbortSignal,
): Promise<void> {
  const { clock, random, log } = deps;
  let attempt = 0;
  while (!stop.aborted) {
    const request = { ...config, lastEventId: sink.lastEventId() };
    log.debug("source-connecting", { attempt });
    const end = await runConnection(request, deps, sink, stop);
    sink.closed(end);
    if (stop.aborted) return;
    const isGood = end.frames > 0 && end.closedAtMs - end.openedAtMs >= goodConnectionMs;
    attempt = isGood ? 0 : attempt + 1;
    const delayMs = delayAfter(end, attempt, random, sink);
    const fields = { reason: end.reason, httpStatus: end.httpStatus, frames: end.frames, delayMs: Math.round(delayMs) };
    if (end.reason === "ended" || end.reason === "idle") log.info("source-closed", fields);
    else if (stubborn.has(end.reason) || end.reason === "cursor_refused") log.error("source-refused", fields);
    else log.warn("source-closed", fields);
    await clock.sleep(delayMs, stop);
  }
}

function delayAfter(end: ConnectionEnd, attempt: number, random: Random, sink: SseSink): number {
  if (end.reason === "cursor_refused" && sink.cursorRefused(end.serverMs) === "retry") return 0;
  if (stubborn.has(end.reason)) return slowDelay(random);
  const maxMs = wasTaken(end) ? maxBrokenMs : maxRefusedMs;
  return Math.max(end.retryAfterMs ?? 0, jitteredDelay(Math.max(0, attempt - 1), maxMs, random));
}

/** The server answered with an event stream; what failed came later. */
function wasTaken({ httpStatus, reason }: ConnectionEnd): boolean {
  return httpStatus === 200 && reason !== "not_event_stream";
}
