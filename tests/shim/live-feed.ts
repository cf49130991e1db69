import type { ServerResponse } from "node:http";
import { codfw, eqiad, frameText, type SseServer, startSseServer } from "../lib/sse/sse-server.ts";
import { type FeedEvent, feedEvent } from "./fake-feed.ts";

export type LiveFeed = {
  readonly url: URL;
  readonly sent: readonly FeedEvent[];
  /** Answers that came with a cut in the middle of an event. */
  readonly cuts: () => number;
  close(): Promise<void>;
};

/** An event source over real HTTP: adds events at a rate, keeps them all, resumes by timestamp, and cuts connections at random. */
export async function startLiveFeed(options: {
  total: number;
  ratePerSecond: number;
  cutEveryMs: number;
}): Promise<LiveFeed> {
  const sent: FeedEvent[] = [];
  let cuts = 0;
  const open = new Map<
    ServerResponse,
    { next: number; asked: Record<string, number>; seen: Record<string, number>; cutAtMs: number }
  >();
  const add = (): void => {
    const index = sent.length;
    const topic = index % 7 === 0 ? codfw : eqiad;
    sent.push(
      feedEvent(`live-${index}`, topic, Date.now(), { title: `Page ${index % 97}`, comment: "x".repeat(index % 900) }),
    );
  };
  const push = (): void => {
    for (const [response, state] of open) {
      for (; state.next < sent.length; state.next += 1) {
        const event = sent[state.next];
        if (event === undefined || event.atMs < (state.asked[event.topic] ?? 0)) continue;
        state.seen[event.topic] = event.atMs + 1;
        const text = frameText(event.data, state.seen[eqiad] ?? 0, state.seen[codfw]);
        if (Date.now() > state.cutAtMs) {
          cuts += 1;
          open.delete(response);
          response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
          break;
        }
        response.write(text);
      }
    }
  };
  const timer = setInterval(() => {
    const due = Math.ceil(options.ratePerSecond / 50);
    for (let index = 0; index < due && sent.length < options.total; index += 1) add();
    push();
  }, 20);
  const server: SseServer = await startSseServer((request, response) => {
    const entries: { topic: string; timestamp: number }[] = JSON.parse(
      String(request.headers["last-event-id"] ?? "[]"),
    );
    const asked = Object.fromEntries(entries.map(({ topic, timestamp }) => [topic, timestamp]));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(":ok\n\n");
    open.set(response, { next: 0, asked, seen: {}, cutAtMs: Date.now() + options.cutEveryMs * (0.5 + Math.random()) });
    response.on("close", () => open.delete(response));
  });
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await server.close();
  };
  return { url: server.url, sent, cuts: () => cuts, close };
}
