import type { Ground, SimProcess } from "./process.ts";
import { never } from "./process.ts";

export type SourceEvent = {
  readonly topic: string;
  /** The broker's time, on which the source resumes; not in order. */
  readonly ts: number;
  /** When it can first be delivered; the order of the topic's log. */
  readonly atMs: number;
  readonly kind: "event" | "canary" | "broken";
  /** `meta.id`, or the text of a broken one. */
  readonly key: string;
  readonly data: string;
  /** `meta.dt`, ms: what a resume must not go by. */
  readonly dtMs: number;
};

export const sourceTopics = ["eqiad.mediawiki.recentchange", "codfw.mediawiki.recentchange"] as const;

type Asked = Readonly<Record<string, { readonly timestamp?: number; readonly offset?: number }>>;

export type FakeSource = {
  /** The topics' logs, in the order of delivery. */
  readonly logs: ReadonlyMap<string, readonly SourceEvent[]>;
  /** Index of the first event that a request for `ms` gets; the length of the log when it has none yet. */
  resumeIndex(topic: string, ms: number): number;
  fetch(process: SimProcess): typeof globalThis.fetch;
  /** True once the source itself has left out anything (it started elsewhere than asked, or refused). */
  readonly hasSkipped: () => boolean;
  /**
   * Events that the source left out although they were asked for, unnoticeably: what it sent first was no later than
   * a minute after the time asked for, as it would be had it begun where it was asked to.
   */
  readonly hidden: ReadonlySet<SourceEvent>;
};

/** `useDt`: ids made of `meta.dt` instead of the broker's time, on which the source resumes all the same. */
export type SourceOptions = { readonly retentionMs: number; readonly useDt?: boolean };

/** A first event later than this after the time asked for says that the source began elsewhere. */
const toleranceMs = 60_000;
const heartbeatMs = 20_000;
/** Server's cut. */
const lifetimeMs = 15 * 60_000;

/**
 * EventStreams as KafkaSSE serves it: resumes each topic at the first event whose broker time is not before the time
 * asked for, at the end for an offset of -1 or a time it does not know; ids carry the newest time of each topic plus 1.
 */
export function createFakeSource(
  ground: Ground,
  events: readonly SourceEvent[],
  { retentionMs, useDt = false }: SourceOptions,
): FakeSource {
  const { scheduler, plan, trace } = ground;
  const logs = new Map(sourceTopics.map((topic) => [topic as string, events.filter((one) => one.topic === topic)]));
  const state = { hasSkipped: false };
  const hidden = new Set<SourceEvent>();
  const positionOf = (one: SourceEvent): number => (useDt ? one.dtMs : one.ts);
  const endOf = (topic: string): number => {
    const log = logs.get(topic) ?? [];
    const next = log.findIndex(({ atMs }) => atMs > scheduler.now());
    return next === -1 ? log.length : next;
  };
  const resumeIndex = (topic: string, ms: number): number => {
    const log = logs.get(topic) ?? [];
    const end = endOf(topic);
    const index = log.findIndex((one, at) => at < end && one.ts >= ms);
    return index === -1 ? end : index;
  };

  /**
   * Of a start at the end: what nobody can notice is missing. Topics asked for from the same time were never read: they are
   * judged together by the event that comes first, since one of them may be the idle data centre (seeds 7880 and 8464:
   * the other topic's first event was in time, and hid the silence of this one).
   */
  const hide = (topic: string, asked: Asked): void => {
    const askedMs = asked[topic]?.timestamp ?? 0;
    const together = sourceTopics.filter((other) => asked[other]?.timestamp === askedMs);
    const firsts = together.flatMap((other) => logs.get(other)?.[endOf(other)] ?? []);
    const first = firsts.toSorted((a, b) => a.atMs - b.atMs)[0];
    if (first === undefined || positionOf(first) + 1 > askedMs + toleranceMs) return;
    for (const one of (logs.get(topic) ?? []).slice(resumeIndex(topic, askedMs), endOf(topic))) hidden.add(one);
  };
  const answer = (asked: Asked): Response => {
    if (plan.strikes("source.throttled")) return refuse(429, { "retry-after": String(plan.between("retry", 0, 90)) });
    if (plan.strikes("source.unavailable")) return refuse(502 + plan.between("5xx", 0, 2));
    if (plan.strikes("source.no-content")) return refuse(204);
    if (plan.strikes("source.forbidden")) return refuse(403);
    if (plan.strikes("source.refused")) return refuse(400);
    if (plan.strikes("source.html")) return reply(200, { "content-type": "text/html" }, undefined);
    const oldestMs = scheduler.now() - retentionMs;
    if (Object.values(asked).some(({ timestamp = oldestMs }) => timestamp < oldestMs)) {
      state.hasSkipped = true;
      return refuse(400);
    }
    const isLatest = plan.strikes("source.latest");
    if (isLatest) state.hasSkipped = true;
    const next = new Map<string, number>();
    for (const topic of sourceTopics) {
      const { timestamp, offset } = asked[topic] ?? {};
      const isEnd = isLatest || offset === -1 || timestamp === undefined;
      next.set(topic, isEnd ? endOf(topic) : resumeIndex(topic, timestamp));
      if (isLatest && timestamp !== undefined) hide(topic, asked);
    }
    return reply(200, { "content-type": "text/event-stream; charset=utf-8" }, next);
  };

  const reply = (status: number, headers: Record<string, string>, next: Map<string, number> | undefined): Response =>
    // as: what the connection uses of a response, without a socket's machinery
    ({
      status,
      headers: new Headers({ ...headers, date: new Date(scheduler.now()).toUTCString() }),
      type: "basic",
      body: next === undefined ? emptyBody() : streamBody(next),
    }) as unknown as Response;
  const refuse = (status: number, headers: Record<string, string> = {}): Response => {
    trace(`source answers ${status}`);
    return reply(status, headers, undefined);
  };

  const streamBody = (next: Map<string, number>) => {
    const openedMs = scheduler.now();
    const seen = new Map<string, number>();
    const over = Promise.withResolvers<{ done: true; value?: undefined }>();
    let isOver = false;
    let held = ":ok\n\n";
    const end = { done: true } as const;
    // What is there already comes as the server's fetches bring it: one topic before the other, not by time.
    const preferred = sourceTopics[plan.between("preferred", 0, 1)] ?? sourceTopics[0];
    const take = (): SourceEvent | undefined => {
      const waiting = logs.get(preferred)?.[next.get(preferred) ?? 0];
      if (waiting !== undefined && waiting.atMs <= scheduler.now()) return waiting;
      let first: SourceEvent | undefined;
      for (const [topic, index] of next) {
        const one = logs.get(topic)?.[index];
        if (one !== undefined && (first === undefined || one.atMs < first.atMs)) first = one;
      }
      return first;
    };
    const frame = (one: SourceEvent): string => {
      seen.set(one.topic, positionOf(one) + 1);
      const id = sourceTopics.map((topic) => {
        const timestamp = seen.get(topic);
        return { topic, partition: 0, ...(timestamp === undefined ? { offset: -1 } : { timestamp }) };
      });
      return `event: message\nid: ${JSON.stringify(id)}\ndata: ${one.data}\n\n`;
    };
    const chunk = (text: string) => ({ done: false as const, value: Buffer.from(text, "utf8") });
    const pull = async (): Promise<{ done: boolean; value?: Uint8Array }> => {
      for (;;) {
        if (isOver) return end;
        if (plan.strikes("source.silence")) return never();
        if (plan.strikes("source.cut")) throw new Error("reset");
        if (plan.strikes("source.end") || scheduler.now() - openedMs >= lifetimeMs) return end;
        if (plan.strikes("source.error-frame")) return chunk(`${held}event: error\ndata: {"message":"consumer"}\n\n`);
        const one = take();
        if (one === undefined) {
          if (held !== "") break;
          // Nothing more will come of ours: the real feed is never that quiet, so something keeps the line alive.
          await scheduler.sleep(heartbeatMs);
          held = ":\n\n";
          if (scheduler.now() - openedMs >= lifetimeMs) return end;
          continue;
        }
        const waitMs = one.atMs - scheduler.now();
        if (waitMs > 0 && held !== "") break;
        if (waitMs > 0) {
          await scheduler.sleep(Math.min(waitMs, lifetimeMs));
          continue;
        }
        next.set(one.topic, (next.get(one.topic) ?? 0) + 1);
        const text = frame(one);
        held += plan.strikes("source.repeat") ? text + text : text;
        if (plan.random("chunk") < 0.4) break;
      }
      // Mostly whole frames; sometimes the end of one comes with the next chunk.
      const cut = plan.random("chunk-cut") < 0.2 ? Math.floor(held.length * plan.random("chunk-at")) : held.length;
      const text = held.slice(0, cut);
      held = held.slice(cut);
      await scheduler.sleep(1 + plan.random("chunk-ms") * 20);
      return chunk(text);
    };
    const cancel = async (): Promise<void> => {
      isOver = true;
      over.resolve(end);
    };
    return { getReader: () => ({ read: () => Promise.race([pull(), over.promise]), cancel }), cancel };
  };

  return {
    logs,
    resumeIndex,
    hasSkipped: () => state.hasSkipped,
    hidden,
    // as: the shim calls it with a URL and headers only
    fetch: (process) =>
      (async (_url, init) => {
        const asked = readAsked(new Headers(init?.headers).get("last-event-id") ?? "[]");
        trace(`${process.name} asks the source for ${JSON.stringify(asked)}`);
        const response = await abortable(
          process.call(300, () => (plan.strikes("source.hang") ? never() : answer(asked))),
          init?.signal ?? undefined,
        );
        return guarded(response, process);
      }) as typeof globalThis.fetch,
  };
}

function emptyBody() {
  return {
    getReader: () => ({ read: async () => ({ done: true }), cancel: async () => undefined }),
    cancel: async () => undefined,
  };
}

/** A dead process reads nothing more. */
function guarded(response: Response, process: SimProcess): Response {
  const body = response.body as unknown as { getReader(): { read(): Promise<unknown>; cancel(): Promise<void> } };
  const getReader = () => {
    const reader = body.getReader();
    const read = async (): Promise<unknown> => {
      try {
        return await reader.read();
      } finally {
        await process.step();
      }
    };
    return { ...reader, read };
  };
  return { ...response, body: { ...body, getReader } } as unknown as Response; // as: see above
}

function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const gate = Promise.withResolvers<never>();
  const abort = (): void => gate.reject(new Error("aborted"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  work.catch(() => undefined);
  return Promise.race([work, gate.promise]);
}

function readAsked(text: string): Asked {
  const entries: { topic: string; timestamp?: number; offset?: number }[] = JSON.parse(text);
  return Object.fromEntries(entries.map(({ topic, ...rest }) => [topic, rest]));
}
