import type { Cursor, CursorEntry } from "../lib/core/cursor.ts";
import type { GapTest } from "../lib/core/gap-test.ts";
import { createMinuteCounts, type MinuteCount } from "../lib/core/minute-counts.ts";
import { partitionOf } from "../lib/core/murmur2.ts";
import type { OpsRecord } from "../lib/core/ops-record.ts";
import type { Asked } from "../lib/core/resume.ts";
import type { SeenId, SeenRing } from "../lib/core/seen-ring.ts";
import type { Positions } from "../lib/core/source-position.ts";
import type { RecentChange, Verdict } from "../lib/core/verdict.ts";
import type { Headers, OutRecord } from "../lib/kafka/ports.ts";
import { SendQueue, type SendQueueOptions } from "../lib/kafka/send-queue.ts";
import type { Clock } from "../lib/platform/clock.ts";
import type { SourceFrame } from "../lib/sse/frame-reader.ts";
import { judgeRecord } from "../lib/steps/judge-record.ts";
import { maxRecordBytes } from "../lib/steps/parse-record.ts";
import type { IngestFilter } from "./config.ts";
import { type DeliveryRules, deliveryRules } from "./delivery-rules.ts";
import { emptySession, type GapFinding, type SessionCounts, toGapRecord, toMinuteRecord } from "./ledger-rows.ts";
import {
  batchStamp,
  hashOf,
  type RecordContext,
  type Refusal,
  toDeadLetter,
  toOpsOutRecord,
  toRawRecord,
} from "./records.ts";
import type { Stats } from "./stats.ts";
import { type Attribution, TopicTracker } from "./topic-tracker.ts";

/** The source's own clock is believed this far when ours is behind it: a jump of an hour must not refuse every event. */
const maxClockErrorMs = 24 * 3_600_000;

export type IngestOptions = {
  readonly context: RecordContext;
  readonly topics: { readonly raw: string; readonly dlq: string; readonly ops: string };
  readonly partitions: ReadonlyMap<string, number>;
  /** Source topics of this run: those of the stream, or the file's name. */
  readonly sourceTopics: readonly string[];
  /** Marks of this run's topics, and of others that records carry on. */
  readonly marks: Positions;
  readonly filter: IngestFilter | undefined;
  readonly queue: Pick<SendQueueOptions<unknown>, "writer" | "lingerMs" | "maxBufferedBytes" | "onFailed">;
  readonly clock: Clock;
  readonly stats: Stats;
  /** Absent: all of them. */
  readonly rules?: DeliveryRules | undefined;
};

type Accepted = Extract<Verdict, { kind: "accepted" }>;
type Rejected = Extract<Verdict, { kind: "rejected" }>;

/** One event on its way: everything that its end settles. */
type Journey = {
  readonly kind: "event";
  readonly entry: CursorEntry;
  readonly minute: MinuteCount;
  readonly seen: SeenId<CursorEntry>;
  readonly frame: SourceFrame;
  /** Of an accepted event: its time, and its name should it become a dead letter after all. Not the event: it is large. */
  readonly accepted:
    | { readonly eventMs: number; readonly eventId: string; readonly wiki: string | undefined }
    | undefined;
  /** Where it went: an accepted event that the broker refuses goes on as a dead letter. */
  isDeadLetter: boolean;
};
/** A ledger row; a gap's has an entry in the cursor's lists. */
type LedgerRow = { readonly kind: "row"; readonly entry: CursorEntry | undefined };

/**
 * From a frame of the source to acknowledged records: judges, drops repeats, routes to the raw or the dead-letter
 * topic, and moves the cursor as the broker acknowledges. The order of arrival is the order of the cursor's lists.
 */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #cursor: Cursor;
  readonly #rules: DeliveryRules;
  readonly #ring: SeenRing<CursorEntry>;
  readonly #minutes = createMinuteCounts();
  readonly #tracker: TopicTracker;
  readonly #queue: SendQueue<Journey | LedgerRow>;
  #gaps: GapTest;
  session: SessionCounts = emptySession();
  /** Events sent on their way to either topic: neither canaries nor repeats. */
  routed = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#rules = options.rules ?? deliveryRules;
    this.#cursor = this.#rules.createCursor(options.marks);
    this.#ring = this.#rules.createSeenRing<CursorEntry>();
    this.#gaps = this.#rules.createGapTest({ at: new Map(), fresh: new Set() });
    this.#tracker = new TopicTracker(options.sourceTopics);
    const stamp = (): Headers => batchStamp(this.#cursor.marks(), options.context.shimEpoch);
    this.#queue = new SendQueue({
      ...options.queue,
      clock: options.clock,
      stamp,
      onAcked: (owner) => this.#onAcked(owner),
      onRefused: (owner) => this.#onRefused(owner),
    });
  }

  marks(): Positions {
    return this.#cursor.marks();
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes;
  }

  room(): Promise<void> | undefined {
    return this.#queue.room();
  }

  drain(): Promise<void> {
    return this.#queue.drain();
  }

  /** A new connection begins: its first event of each topic is held against what it asked for. */
  connect(asked: Asked): void {
    this.#tracker.reset();
    this.#gaps = this.#rules.createGapTest(asked);
    this.session = emptySession();
  }

  /** Takes one frame; whatever it holds, it ends as exactly one of canary, duplicate, acknowledged, rejected, filtered. */
  frame(frame: SourceFrame): void {
    const { clock, stats } = this.#options;
    const nowMs = clock.now();
    const verdict = this.#judge(frame, nowMs);
    const home = this.#tracker.attribute(frame.at, metaTopicOf(verdict));
    this.#testGap(home, nowMs);
    if (verdict.kind === "accepted" && !passes(verdict.event, this.#options.filter)) {
      stats.totals.filtered += 1;
      this.#cursor.settle(this.#cursor.arrive(home.at));
      return;
    }
    const ticket = this.#minutes.receive(home.topic ?? "unknown", nowMs);
    stats.totals.received += 1;
    this.session.received += 1;
    this.session.firstEventMs ??= nowMs;
    this.session.lastEventMs = nowMs;
    if (verdict.kind === "dropped") this.#dropCanary(home, ticket);
    else if (verdict.kind === "accepted") this.#accept(verdict, frame, home, ticket, nowMs);
    else this.#reject(verdict, frame, home, ticket);
  }

  /** Writes the row of a gap; the marks of its topic wait for it, and then may stand at its end. */
  recordGap(finding: GapFinding, reachesMs = 0): void {
    const entry = this.#cursor.arrive(new Map([[finding.topic, reachesMs]]));
    this.#writeOps(toGapRecord(finding), entry);
  }

  writeOps(record: OpsRecord): void {
    this.#writeOps(record, undefined);
  }

  /** Rows of the minutes that are complete; of all settled minutes at the end. */
  writeMinutes(when: "complete" | "settled"): void {
    const due =
      when === "settled" ? this.#minutes.takeSettled() : this.#minutes.takeComplete(this.#options.clock.now());
    for (const count of due) this.writeOps(toMinuteRecord(count, this.#options.context.shimEpoch));
  }

  #judge(frame: SourceFrame, nowMs: number): Verdict {
    if (frame.bytes > frame.data.length) {
      const detail = `${frame.bytes} bytes, limit ${maxRecordBytes}`;
      return { kind: "rejected", reason: "oversize", detail, eventId: undefined, wiki: undefined };
    }
    const { sourceKind } = this.#options.context;
    const sourceMs = sourceKind === "live" ? Math.max(0, ...(frame.at?.values() ?? [])) : 0;
    const isBehind = sourceMs > nowMs && sourceMs - nowMs < maxClockErrorMs;
    return judgeRecord(frame.data, { sourceKind, nowMs: isBehind ? sourceMs : nowMs, canary: "drop" });
  }

  #testGap(home: Attribution, nowMs: number): void {
    const position = home.topic === undefined ? undefined : home.at.get(home.topic);
    if (home.topic === undefined || position === undefined || position === 0) return;
    const evidence = "the first event after a connect is later than what was asked for";
    for (const gap of this.#gaps.first(home.topic, position))
      this.recordGap({ ...gap, kind: "disconnect", detectedMs: nowMs, evidence });
  }

  #dropCanary(home: Attribution, ticket: MinuteCount): void {
    this.#options.stats.totals.dropped += 1;
    this.session.canaries += 1;
    this.#cursor.settle(this.#cursor.arrive(home.at));
    this.#minutes.settle(ticket, "canaries");
  }

  #accept(verdict: Accepted, frame: SourceFrame, home: Attribution, minute: MinuteCount, nowMs: number): void {
    const { context, stats, topics } = this.#options;
    stats.sawEvent(verdict.eventTimestampMs);
    const { event, eventTimestampMs: eventMs } = verdict;
    const accepted = { eventMs, eventId: event.meta.id, wiki: event.wiki };
    const journey = this.#start(event.meta.id, accepted, frame, home, minute);
    if (journey === undefined) return;
    this.session.produced += 1;
    this.#enqueue(topics.raw, toRawRecord(event, frame.data, nowMs, context), journey);
  }

  #reject(verdict: Rejected, frame: SourceFrame, home: Attribution, minute: MinuteCount): void {
    const journey = this.#start(`refused ${hashOf(frame.data)}`, undefined, frame, home, minute);
    if (journey !== undefined) this.#sendDeadLetter(verdict, journey);
  }

  #sendDeadLetter(reason: Omit<Refusal, "data" | "bytes" | "cursorText">, journey: Journey): void {
    const { clock, topics } = this.#options;
    const { data, bytes, cursorText } = journey.frame;
    this.session.rejected += 1;
    journey.isDeadLetter = true;
    this.#enqueue(topics.dlq, toDeadLetter({ ...reason, data, bytes, cursorText }, clock.now()), journey);
  }

  /** Enters the event in the cursor's lists; undefined for a repeat, which is counted and tied to its first copy. */
  #start(
    ringId: string,
    accepted: Journey["accepted"],
    frame: SourceFrame,
    home: Attribution,
    minute: MinuteCount,
  ): Journey | undefined {
    const nowMs = this.#options.clock.monotonic();
    const before = this.#ring.look(ringId, nowMs);
    if (before !== undefined) {
      this.#cursor.repeat(before.first, home.at);
      this.#options.stats.totals.duplicates += 1;
      this.#minutes.settle(minute, "duplicates");
      return undefined;
    }
    const entry = this.#cursor.arrive(home.at);
    this.routed += 1;
    const seen = this.#ring.start(ringId, entry, nowMs);
    return { kind: "event", entry, minute, seen, frame, accepted, isDeadLetter: false };
  }

  #onAcked(owner: Journey | LedgerRow): void {
    if (owner.entry !== undefined) this.#cursor.settle(owner.entry);
    if (owner.kind === "row") return;
    const { clock, stats } = this.#options;
    owner.seen.ackedAtMs = clock.monotonic();
    if (owner.isDeadLetter) {
      stats.totals.rejected += 1;
      this.#minutes.settle(owner.minute, "rejected");
      return;
    }
    stats.totals.accepted += 1;
    this.#minutes.settle(owner.minute, "acked", owner.accepted?.eventMs);
  }

  #onRefused(owner: Journey | LedgerRow): void {
    if (owner.kind === "row" || owner.isDeadLetter || owner.accepted === undefined) {
      throw new Error("the broker refuses a dead letter or a ledger row for its size");
    }
    const { eventId, wiki } = owner.accepted;
    const detail = `the broker refuses a record of ${owner.frame.bytes} bytes`;
    this.#sendDeadLetter({ reason: "broker_refused", detail, eventId, wiki }, owner);
  }

  #writeOps(record: OpsRecord, entry: CursorEntry | undefined): void {
    this.#enqueue(this.#options.topics.ops, toOpsOutRecord(record), { kind: "row", entry });
  }

  #enqueue(topic: string, record: OutRecord, owner: Journey | LedgerRow): void {
    const partition = partitionOf(record.key, this.#options.partitions.get(topic) ?? 1);
    this.#queue.add(topic, partition, record, owner);
  }
}

function metaTopicOf(verdict: Verdict): string | undefined {
  if (verdict.kind === "accepted") return verdict.event.meta.topic;
  return verdict.kind === "dropped" ? verdict.sourceTopic : undefined;
}

function passes({ namespace, type, meta }: RecentChange, filter: IngestFilter | undefined): boolean {
  if (filter === undefined) return true;
  const isIn = <T>(allowed: readonly T[] | undefined, value: T | undefined): boolean =>
    allowed === undefined || (value !== undefined && allowed.includes(value));
  return isIn(filter.namespaces, namespace) && isIn(filter.types, type) && isIn(filter.domains, meta.domain);
}
