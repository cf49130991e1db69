import type { ProgressLine } from "../progress-line.ts";
import type { BackfillLayer, DayRange } from "./chunks.ts";
import type { JobControl, StartAnswer } from "./job-control.ts";

export type BackfillRequest = {
  readonly layer: BackfillLayer;
  /** `<layer>.<table>`; none means all of the layer. */
  readonly tables: readonly string[];
  readonly chunks: readonly DayRange[];
};

/** What became of one chunk. `outcome` is SUCCESS or what stopped it. */
export type ChunkResult = DayRange & {
  readonly runId: string;
  readonly outcome: string;
  readonly details: string;
  readonly seconds: number;
};

export type BackfillDeps = {
  readonly jobs: JobControl;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (ms: number) => Promise<void>;
};

const finalStates = new Set(["SUCCESS", "FAILED", "CANCELLED"]);
/** A run takes a minute or more: asking more often shows nothing new. */
const pollMs = 2000;

/**
 * One run a chunk, oldest first, one after another. The first that does not succeed is the last: what was published
 * before it stays, and the same command goes over it again without harm.
 */
export async function runChunks(request: BackfillRequest, deps: BackfillDeps): Promise<readonly ChunkResult[]> {
  const results: ChunkResult[] = [];
  for (const [index, chunk] of request.chunks.entries()) {
    const place = `${request.layer} ${chunk.from} to ${chunk.to} (${index + 1} of ${request.chunks.length})`;
    const result = await runChunk(request, chunk, place, deps);
    results.push(result);
    const verb = result.outcome === "SUCCESS" ? "done" : `${result.outcome}: ${result.details}`;
    deps.progress.say(`${place}: ${verb}, ${result.seconds.toFixed(0)} s`);
    if (result.outcome !== "SUCCESS") break;
  }
  return results;
}

async function runChunk(
  request: BackfillRequest,
  chunk: DayRange,
  place: string,
  deps: BackfillDeps,
): Promise<ChunkResult> {
  const startedMs = deps.nowMs();
  const done = (runId: string, outcome: string, details: string): ChunkResult => ({
    ...chunk,
    runId,
    outcome,
    details,
    seconds: (deps.nowMs() - startedMs) / 1000,
  });
  const answer = await startWhenFree(request, chunk, place, deps);
  if (!("jobRunId" in answer)) return done("", answer.verdict.toUpperCase(), answer.reason);
  for (;;) {
    const { state, details } = await deps.jobs.state(answer.jobRunId);
    if (finalStates.has(state)) return done(answer.runId, state, details);
    deps.progress.show(`${place}: ${answer.runId} ${state}`);
    await deps.sleep(pollMs);
  }
}

/** One run at a time: while a cycle works, this waits for its turn. */
async function startWhenFree(
  { layer, tables }: BackfillRequest,
  days: DayRange,
  place: string,
  deps: BackfillDeps,
): Promise<StartAnswer> {
  for (;;) {
    deps.signal.throwIfAborted();
    const answer = await deps.jobs.start({
      job: layer,
      scheduledTime: new Date(deps.nowMs()).toISOString(),
      force: true,
      trigger: "manual",
      days,
      ...(tables.length === 0 ? {} : { tables }),
    });
    if (answer.verdict !== "busy") return answer;
    deps.progress.show(`${place}: waiting, ${answer.reason}`);
    await deps.sleep(pollMs);
  }
}
