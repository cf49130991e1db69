import { newestOf, type Positions } from "../lib/core/source-position.ts";
import type { RecordWriter, TailReader } from "../lib/kafka/ports.ts";
import { anySignal } from "../lib/platform/any-signal.ts";
import type { Clock, Random } from "../lib/platform/clock.ts";
import { describeError, WikilakeError } from "../lib/platform/errors.ts";
import type { Logger } from "../lib/platform/logger.ts";
import type { Metrics } from "../lib/platform/metrics.ts";
import { type FileRead, nameFile } from "../lib/sse/file-source.ts";
import type { ShimConfig } from "./config.ts";
import type { CursorStore, StoredCursor } from "./cursor-store.ts";
import type { DeliveryRules } from "./delivery-rules.ts";
import { runFile } from "./file-run.ts";
import { runHousekeeping } from "./housekeeping.ts";
import { Ingest } from "./ingest.ts";
import { recoverCursor } from "./recover.ts";
import { ResumePlan } from "./resume-plan.ts";
import { Stats, type Totals } from "./stats.ts";
import { runStream } from "./stream-run.ts";

/** The container is killed 60 s after it was asked to stop; what is not acknowledged by then is read again. */
const drainLimitMs = 45_000;

/** Everything that the shim touches: a test or a simulator gives its own. */
export type ShimDeps = {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: () => string;
  readonly shimEpoch: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly writer: RecordWriter;
  /** Partitions of each topic that is written. */
  readonly partitions: ReadonlyMap<string, number>;
  readonly tails: TailReader;
  readonly store: CursorStore;
  /** Called every few seconds while the shim makes progress. */
  readonly healthy: () => void;
  /** Absent: all of them. */
  readonly rules?: DeliveryRules;
};

export type ShimEnd = {
  readonly kind: "finished" | "stopped";
  readonly totals: Totals;
  readonly file: FileRead | undefined;
};

/**
 * The shim's whole life: recovers the cursor, reads the source until it ends or `stop`, drains, writes the cursor.
 *
 * @throws the failure of a send (its outcome is unknown: nothing more is written, a new start replays), the source's
 *   own failure, or SHIM_DRAIN_TIMEOUT
 */
export async function runShim(config: ShimConfig, deps: ShimDeps, stop: AbortSignal): Promise<ShimEnd> {
  const { clock, log, store } = deps;
  const recovered = await recoverCursor(deps, [config.RAW_TOPIC, config.DLQ_TOPIC]);
  const stats = new Stats(clock, deps.metrics);
  const failed = new AbortController();
  const finished = new AbortController();
  const reading = anySignal(stop, failed.signal, finished.signal);
  const start = await planStart(config, deps, recovered);
  const ingest = createIngest(config, deps, start, stats, (error) => failed.abort(error));
  const saveCursor = createSaver(store, log, () => ({
    marks: newestOf([recovered.marks, ingest.marks()]),
    floors: new Map([...recovered.floors, ...start.plan.floors()]),
  }));
  await saveCursor();
  const housekeeping = new AbortController();
  const kept = runHousekeeping({ ingest, stats, clock, saveCursor, healthy: deps.healthy }, housekeeping.signal);
  const read = readSource(config, deps, { ingest, stats, start, finish: () => finished.abort() }, reading);
  // A source that breaks off must not cost what it gave before: that is drained first, then the failure passes.
  await Promise.allSettled([read]);
  housekeeping.abort();
  await kept;
  failed.signal.throwIfAborted();
  await drain(ingest, clock, failed.signal);
  await saveCursor();
  const file = await read;
  stats.tell(ingest.bufferedBytes);
  return { kind: stop.aborted ? "stopped" : "finished", totals: stats.totals, file };
}

/** Where this run begins: its source topics, their marks, and those marks of others that records carry on. */
type Start = {
  readonly sourceTopics: readonly string[];
  readonly marks: Positions;
  readonly plan: ResumePlan;
  readonly firstStarts: Positions;
  bind(marks: () => Positions): void;
};

const isFileName = (topic: string): boolean => topic.startsWith("file:");

async function planStart(config: ShimConfig, { clock, rules }: ShimDeps, recovered: StoredCursor): Promise<Start> {
  const sourceTopics = config.source.kind === "file" ? [await nameFile(config.source.path)] : config.SOURCE_TOPICS;
  let marksNow = (): Positions => recovered.marks;
  const retentionMs = config.SOURCE_RETENTION_HOURS * 3_600_000;
  const plan = new ResumePlan({
    topics: sourceTopics,
    marks: () => marksNow(),
    now: clock.now,
    retentionMs,
    askFrom: rules?.askFrom,
  });
  const firstMs = startOf(config, plan, clock);
  // Marks of other files stay in the store only: a header must not grow with every file that was ever delivered.
  const marks = new Map([...recovered.marks].filter(([topic]) => !isFileName(topic) || sourceTopics.includes(topic)));
  const isStream = config.source.kind === "stream";
  for (const [topic, ms] of recovered.floors) if (sourceTopics.includes(topic)) plan.startAt(topic, ms);
  const missing = sourceTopics.filter((topic) => !marks.has(topic));
  for (const topic of missing) {
    marks.set(topic, isStream ? firstMs : 0);
    if (isStream) plan.startAt(topic, firstMs);
  }
  const isAnnounced = isStream && config.SOURCE_START === "oldest";
  const firstStarts = new Map(isAnnounced ? missing.map((topic) => [topic, firstMs] as const) : []);
  const bind = (read: () => Positions): void => {
    marksNow = read;
  };
  return { sourceTopics, marks, plan, firstStarts, bind };
}

function startOf({ SOURCE_START: start }: ShimConfig, plan: ResumePlan, clock: Clock): number {
  if (start === "oldest") return plan.oldestMs();
  return start === "now" ? clock.now() : Date.parse(start);
}

function createIngest(
  config: ShimConfig,
  deps: ShimDeps,
  start: Start,
  stats: Stats,
  onFailed: (error: unknown) => void,
): Ingest {
  const ingest = new Ingest({
    context: { sourceKind: config.SOURCE_KIND, shimEpoch: deps.shimEpoch, keyMode: config.KEY_MODE },
    topics: { raw: config.RAW_TOPIC, dlq: config.DLQ_TOPIC, ops: config.OPS_TOPIC },
    partitions: deps.partitions,
    sourceTopics: start.sourceTopics,
    marks: start.marks,
    filter: config.INGEST_FILTER,
    queue: { writer: deps.writer, lingerMs: config.LINGER_MS, maxBufferedBytes: config.BUFFER_BYTES, onFailed },
    clock: deps.clock,
    stats,
    rules: deps.rules,
  });
  start.bind(() => ingest.marks());
  return ingest;
}

/** The store is the second home: when it does not answer, the topics still have the cursor. */
function createSaver(store: CursorStore, log: Logger, cursor: () => StoredCursor): () => Promise<void> {
  return async () => {
    try {
      await store.write(cursor());
    } catch (error) {
      log.warn("cursor-store-unwritable", { error: describeError(error) });
    }
  };
}

type Reading = { readonly ingest: Ingest; readonly stats: Stats; readonly start: Start; readonly finish: () => void };

async function readSource(
  config: ShimConfig,
  deps: ShimDeps,
  { ingest, stats, start, finish }: Reading,
  stop: AbortSignal,
): Promise<FileRead | undefined> {
  const { clock, newId, shimEpoch } = deps;
  const run = { ingest, stats, clock, newId, shimEpoch, limit: config.SOURCE_LIMIT, finish };
  if (config.source.kind === "stream") {
    const source = { url: config.source.url, userAgent: config.USER_AGENT };
    await runStream(source, deps, { ...run, plan: start.plan, firstStarts: start.firstStarts }, stop);
    return undefined;
  }
  const [name = ""] = start.sourceTopics;
  const { path, rate } = config.source;
  return runFile({ path, name, rate, afterLine: start.marks.get(name) ?? 0 }, run, stop);
}

/** Waits for every acknowledgement, then writes the last counts, which are complete only now. */
async function drain(ingest: Ingest, clock: Clock, failed: AbortSignal): Promise<void> {
  const late = new AbortController();
  const limit = clock.sleep(drainLimitMs, late.signal).then(() => "late" as const);
  const work = (async () => {
    await ingest.drain();
    ingest.writeMinutes("settled");
    await ingest.drain();
    return "done" as const;
  })();
  const end = await Promise.race([work, limit]);
  late.abort();
  failed.throwIfAborted();
  if (end === "done") return;
  const message = `records were not acknowledged within ${drainLimitMs / 1000} s; the next start reads them again`;
  throw new WikilakeError("SHIM_DRAIN_TIMEOUT", message, { retriable: true });
}
