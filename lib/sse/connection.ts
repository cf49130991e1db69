import type { Positions } from "../core/source-position.ts";
import { anySignal } from "../platform/any-signal.ts";
import type { Clock } from "../platform/clock.ts";
import { parseRetryAfter } from "./backoff.ts";
import { createFrameReader, type SourceFrame } from "./frame-reader.ts";

/** The feed has 35–90 events/s and no heartbeat: half a minute of silence means a dead link. */
export const idleMs = 30_000;

export type CloseReason =
  /** The server ended it; every 15 minutes that is its rule. */
  | "ended"
  | "idle"
  | "stopped"
  | "error_frame"
  | "endless_frame"
  | "network"
  | "cursor_refused"
  | "forbidden"
  | "not_found"
  | "redirected"
  | "throttled"
  | "server_error"
  | "no_content"
  | "not_event_stream"
  | "unexpected_status";

export type ConnectionEnd = {
  readonly reason: CloseReason;
  readonly httpStatus: number | undefined;
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly bytes: number;
  readonly frames: number;
  readonly retryAfterMs: number | undefined;
  /** What the server's own clock said when it answered (`Date`); ours may be an hour off. */
  readonly serverMs: number | undefined;
};

export type ConnectionSink = {
  frame(frame: SourceFrame): void;
  endless(at: Positions | undefined): void;
  /** A promise while there is no room for more: nothing is read until it resolves. */
  room(): Promise<void> | undefined;
  /** Bytes came in: the link is alive. */
  alive(): void;
};

export type ConnectionDeps = { readonly fetch: typeof globalThis.fetch; readonly clock: Clock };
export type ConnectionRequest = { readonly url: URL; readonly userAgent: string; readonly lastEventId: string };

/**
 * One connection, from the request to its end. However it ended is the result; only what the sink throws, a bug, is
 * thrown. Reading stops while the sink has no room, and the watchdog with it: then the silence is ours.
 */
export async function runConnection(
  request: ConnectionRequest,
  deps: ConnectionDeps,
  sink: ConnectionSink,
  stop: AbortSignal,
): Promise<ConnectionEnd> {
  const { clock } = deps;
  const openedAtMs = clock.now();
  const closer = new AbortController();
  const signal = anySignal(stop, closer.signal);
  const seen = { bytes: 0, frames: 0, atMs: clock.monotonic(), isPaused: false };
  const end = (reason: CloseReason, httpStatus?: number, said?: Said): ConnectionEnd => ({
    reason,
    httpStatus,
    openedAtMs,
    closedAtMs: clock.now(),
    bytes: seen.bytes,
    frames: seen.frames,
    retryAfterMs: said?.retryAfterMs,
    serverMs: said?.serverMs,
  });
  const watchdog = watch(seen, clock, closer);
  /** How a failure of the network is called: we may have caused it ourselves. */
  const cutBy = (): CloseReason => (stop.aborted ? "stopped" : closer.signal.aborted ? "idle" : "network");
  try {
    const init = { headers: headersOf(request), redirect: "manual", signal } as const;
    const response = await deps.fetch(request.url, init).catch(() => undefined);
    if (response === undefined) return end(cutBy());
    const refusal = judgeResponse(response);
    if (refusal === undefined && response.body !== null) {
      return end(await readBody(response.body, { seen, clock, sink, signal, cutBy }), response.status);
    }
    await response.body?.cancel().catch(() => undefined);
    return end(refusal ?? "no_content", response.status, readHeaders(response, clock.now()));
  } finally {
    closer.abort();
    await watchdog;
  }
}

type Said = Pick<ConnectionEnd, "retryAfterMs" | "serverMs">;

function readHeaders({ headers }: Response, nowMs: number): Said {
  const serverMs = Date.parse(headers.get("date") ?? "");
  return {
    retryAfterMs: parseRetryAfter(headers.get("retry-after"), nowMs),
    serverMs: Number.isNaN(serverMs) ? undefined : serverMs,
  };
}

function headersOf({ userAgent, lastEventId }: ConnectionRequest): Record<string, string> {
  return {
    accept: "text/event-stream",
    // A compressed stream arrives in the compressor's blocks instead of event by event.
    "accept-encoding": "identity",
    "cache-control": "no-cache",
    "user-agent": userAgent,
    "last-event-id": lastEventId,
  };
}

/** undefined for an event stream, else why it is none. */
function judgeResponse({ status, headers, type }: Response): CloseReason | undefined {
  if (type === "opaqueredirect" || (status >= 300 && status < 400)) return "redirected";
  if (status === 200) {
    const isStream = headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;
    return isStream ? undefined : "not_event_stream";
  }
  if (status === 204) return "no_content";
  if (status === 400) return "cursor_refused";
  if (status === 403) return "forbidden";
  if (status === 404) return "not_found";
  if (status === 429) return "throttled";
  return status >= 500 ? "server_error" : "unexpected_status";
}

type Seen = { bytes: number; frames: number; atMs: number; isPaused: boolean };

async function watch(seen: Seen, clock: Clock, closer: AbortController): Promise<void> {
  while (!closer.signal.aborted) {
    if (seen.isPaused) seen.atMs = clock.monotonic();
    const leftMs = seen.atMs + idleMs - clock.monotonic();
    if (leftMs <= 0) closer.abort();
    else await clock.sleep(leftMs, closer.signal);
  }
}

type Reading = {
  readonly seen: Seen;
  readonly clock: Clock;
  readonly sink: ConnectionSink;
  readonly signal: AbortSignal;
  readonly cutBy: () => CloseReason;
};

async function readBody(body: ReadableStream<Uint8Array>, reading: Reading): Promise<CloseReason> {
  const { seen, clock, sink, signal, cutBy } = reading;
  let verdict: CloseReason | undefined;
  const frames = createFrameReader({
    frame: (frame) => {
      seen.frames += 1;
      sink.frame(frame);
    },
    errorFrame: () => {
      verdict = "error_frame";
    },
    endless: (at) => {
      verdict = "endless_frame";
      sink.endless(at);
    },
  });
  const reader = body.getReader();
  // A cancelled reader ends its pending read: a body that does not listen to the signal cannot hold us. What its
  // cancellation says is of no use any more.
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    while (verdict === undefined) {
      await waitForRoom(reading);
      const chunk = await reader.read().catch(() => undefined);
      if (signal.aborted || chunk === undefined || chunk.done) {
        const reason = signal.aborted || chunk === undefined ? cutBy() : "ended";
        if (reason !== "stopped") frames.end();
        return reason;
      }
      seen.atMs = clock.monotonic();
      seen.bytes += chunk.value.length;
      sink.alive();
      frames.push(chunk.value);
    }
    return verdict;
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

async function waitForRoom({ seen, clock, sink, signal }: Reading): Promise<void> {
  const room = sink.room();
  if (room === undefined) return;
  const gate = Promise.withResolvers<void>();
  const open = (): void => gate.resolve();
  signal.addEventListener("abort", open, { once: true });
  seen.isPaused = true;
  await Promise.race([room, gate.promise]);
  signal.removeEventListener("abort", open);
  seen.isPaused = false;
  seen.atMs = clock.monotonic();
}
