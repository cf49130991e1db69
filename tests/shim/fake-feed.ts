import type { Clock } from "../../lib/platform/clock.ts";
import { codfw, eqiad } from "../lib/sse/sse-server.ts";

export type FeedEvent = { readonly topic: string; readonly atMs: number; readonly data: string };

/** How one connection goes: after so many events it is answered, ended, cut in the middle of the next, or goes silent. */
export type Turn = { readonly status?: number; readonly events?: number; readonly ending?: "end" | "cut" | "silence" };

/** A small EventStreams: two topics, resumed by timestamp, ids as the real one writes them. Told what to do per connection. */
export class FakeFeed {
  readonly events: FeedEvent[];
  readonly asked: Record<string, number>[] = [];
  readonly #clock: Clock;
  /** Time (ms) before which the source has forgotten everything: it starts at the earliest it has. */
  forgottenBeforeMs = 0;
  /** Asked for a time before this, it answers 400. */
  refusedBeforeMs = 0;
  /** How far its clock is behind the shim's; undefined: it does not say. */
  behindMs: number | undefined;
  turn: (connection: number) => Turn = () => ({});

  constructor(events: readonly FeedEvent[], clock: Clock) {
    this.events = [...events];
    this.#clock = clock;
  }

  fetch: typeof globalThis.fetch = async (_url, init) => {
    const turn = this.turn(this.asked.length);
    const asked = this.#readAsked(new Headers(init?.headers).get("last-event-id") ?? "[]");
    this.asked.push(asked);
    if (Object.values(asked).some((ms) => ms < this.refusedBeforeMs)) return new Response("stale", { status: 400 });
    if (turn.status !== undefined && turn.status !== 200) {
      const date =
        this.behindMs === undefined ? {} : { date: new Date(this.#clock.now() - this.behindMs).toUTCString() };
      return new Response(turn.status === 204 ? null : "no", { status: turn.status, headers: date });
    }
    const body = this.#body(asked, turn, init?.signal ?? undefined);
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };

  #readAsked(text: string): Record<string, number> {
    const entries: { topic: string; timestamp: number }[] = JSON.parse(text);
    return Object.fromEntries(entries.map(({ topic, timestamp }) => [topic, timestamp]));
  }

  #body(asked: Record<string, number>, turn: Turn, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
    const due = this.events.filter(({ topic, atMs }) => atMs >= Math.max(asked[topic] ?? 0, this.forgottenBeforeMs));
    const seen: Record<string, number> = {};
    let next = 0;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          controller.enqueue(Buffer.from(":ok\n\n"));
          signal?.addEventListener("abort", () => {
            try {
              controller.error(new Error("aborted"));
            } catch {
              // It has ended before.
            }
          });
        },
        pull: async (controller) => {
          const event = due[next];
          const isOver = next >= (turn.events ?? Number.POSITIVE_INFINITY);
          if (event === undefined || isOver) {
            if (isOver && turn.ending === "cut" && event !== undefined) {
              controller.enqueue(Buffer.from(this.#frame(event, seen).slice(0, -20)));
              await this.#clock.sleep(1);
              controller.error(new Error("reset"));
            } else if (isOver && turn.ending === "end") controller.close();
            else await new Promise(() => undefined);
            return;
          }
          next += 1;
          controller.enqueue(Buffer.from(this.#frame(event, seen)));
        },
      },
      { highWaterMark: 0 },
    );
  }

  #frame({ topic, atMs, data }: FeedEvent, seen: Record<string, number>): string {
    seen[topic] = atMs + 1;
    const id = [eqiad, codfw].map((name) => {
      const timestamp = seen[name];
      return { topic: name, partition: 0, ...(timestamp === undefined ? { offset: -1 } : { timestamp }) };
    });
    return `event: message\nid: ${JSON.stringify(id)}\ndata: ${data}\n\n`;
  }
}

/** A valid event of the feed. */
export function feedEvent(id: string, topic: string, atMs: number, fields: Record<string, unknown> = {}): FeedEvent {
  const meta = { id, dt: new Date(atMs).toISOString(), domain: "en.wikipedia.org", topic, partition: 0 };
  const event = { $schema: "/mediawiki/recentchange/1.0.0", meta, type: "edit", title: `Page ${id}`, wiki: "enwiki" };
  return { topic, atMs, data: JSON.stringify({ ...event, ...fields }) };
}
