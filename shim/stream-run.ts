import { encodePositions, formatLastEventId, type Positions } from "../lib/core/source-position.ts";
import type { CloseReason } from "../lib/sse/connection.ts";
import { runSseSource, type SseSink, type SseSourceConfig, type SseSourceDeps } from "../lib/sse/sse-source.ts";
import type { Ingest } from "./ingest.ts";
import { toSessionRecord } from "./ledger-rows.ts";
import type { ResumePlan } from "./resume-plan.ts";
import type { Stats } from "./stats.ts";

export type StreamRun = {
  readonly ingest: Ingest;
  readonly plan: ResumePlan;
  readonly stats: Stats;
  readonly shimEpoch: string;
  readonly newId: () => string;
  /** Topics that start without a cursor, each with the time it starts from: their gap rows are written at the first answer. */
  readonly firstStarts: Positions;
  /** Ends the run after so many events on their way. */
  readonly limit: number | undefined;
  readonly finish: () => void;
};

/** Feeds an event stream into the ingest until `stop`; each connection ends with a session row. */
export function runStream(
  config: SseSourceConfig,
  deps: SseSourceDeps,
  run: StreamRun,
  stop: AbortSignal,
): Promise<void> {
  return runSseSource(config, deps, createSink(deps, run), stop);
}

const refusals: ReadonlySet<CloseReason> = new Set(["cursor_refused", "forbidden", "not_found"]);

function createSink({ clock }: SseSourceDeps, run: StreamRun): SseSink {
  const { ingest, plan, stats } = run;
  let cursorIn = "";
  let isAccepted = false;
  let lastEndless: string | undefined;
  let firstStarts = run.firstStarts;
  const gap = (
    topic: string,
    kind: "retention" | "invalid_cursor" | "disconnect",
    from: number,
    to: number,
    why: string,
  ) => ({ topic, kind, fromMs: from, toMs: to, detectedMs: clock.now(), evidence: why }) as const;
  const accept = (): void => {
    isAccepted = true;
    for (const [topic, startMs] of firstStarts) {
      ingest.recordGap(
        gap(topic, "retention", startMs, startMs, "no cursor was found: nothing before this was asked for"),
      );
    }
    firstStarts = new Map();
    for (const { topic, fromMs, toMs } of plan.accepted()) {
      ingest.recordGap(gap(topic, "invalid_cursor", fromMs, toMs, "the source refused the cursor as too old"), toMs);
    }
  };
  return {
    lastEventId: () => {
      const asked = plan.ask();
      ingest.connect(asked);
      isAccepted = false;
      cursorIn = formatLastEventId(asked.at);
      return cursorIn;
    },
    alive: () => {
      stats.alive();
      if (!isAccepted) accept();
    },
    frame: (frame) => {
      if (run.limit !== undefined && ingest.routed >= run.limit) return run.finish();
      ingest.frame(frame);
    },
    endless: (at) => {
      // Once may have been the network's fault, and the event is whole the next time; twice in one place it is not.
      const place = at === undefined ? undefined : encodePositions(at);
      const isAgain = place !== undefined && place === lastEndless;
      lastEndless = place;
      if (!isAgain) return;
      for (const [topic, ms] of at ?? []) {
        plan.skipTo(topic, ms);
        ingest.recordGap(
          gap(topic, "disconnect", ms - 1, ms, "an event without an end was skipped, with its millisecond"),
        );
      }
    },
    room: () => ingest.room(),
    cursorRefused: (serverMs) => plan.refused(serverMs),
    closed: (end) => {
      stats.totals.connections += 1;
      if (refusals.has(end.reason)) stats.totals.refusals += 1;
      const times = { openedAtMs: end.openedAtMs, closedAtMs: end.closedAtMs };
      const ids = { sessionId: run.newId(), shimEpoch: run.shimEpoch };
      const about = { closeReason: end.reason, httpStatus: end.httpStatus, bytes: end.bytes };
      const cursors = { cursorIn, cursorOut: encodePositions(ingest.marks()) };
      ingest.writeOps(toSessionRecord(ingest.session, { ...ids, ...times, ...about, ...cursors }));
    },
  };
}
