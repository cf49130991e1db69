import { expect, test } from "@jest/globals";
import { createLogger } from "../../../lib/platform/logger.ts";
import { runSseSource, type SseSink } from "../../../lib/sse/sse-source.ts";
import { ManualClock } from "../../shim/manual-clock.ts";
import { frameText } from "./sse-server.ts";

type Planned = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };
const ok = (body: string): Planned => ({ status: 200, headers: { "content-type": "text/event-stream" }, body });

/** Runs the loop against planned answers; the clock moves by hand. Times are those of each request, from the start. */
function run(plan: readonly Planned[], refusal: "retry" | "wait" = "wait") {
  const clock = new ManualClock();
  const startMs = clock.now();
  const stop = new AbortController();
  const seen = { requestedAt: [] as number[], ids: [] as string[], ends: [] as string[], frames: 0, refused: 0 };
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    const planned = plan[Math.min(seen.requestedAt.length, plan.length - 1)];
    seen.requestedAt.push(clock.now() - startMs);
    seen.ids.push(new Headers(init?.headers).get("last-event-id") ?? "");
    const { status = 500, headers = {}, body } = planned ?? {};
    return new Response(status === 204 ? null : (body ?? ""), { status, headers });
  };
  const sink: SseSink = {
    lastEventId: () => `cursor-${seen.requestedAt.length}`,
    frame: () => {
      seen.frames += 1;
    },
    endless: () => undefined,
    room: () => undefined,
    alive: () => undefined,
    closed: (end) => seen.ends.push(end.reason),
    cursorRefused: () => {
      seen.refused += 1;
      return refusal;
    },
  };
  const deps = { fetch, clock, random: () => 0.999, log: createLogger({ write: () => undefined }) };
  const done = runSseSource({ url: new URL("http://127.0.0.1/"), userAgent: "x" }, deps, sink, stop.signal);
  const finish = (): Promise<void> => {
    stop.abort();
    return done;
  };
  return { clock, seen, finish };
}

test("an end by the server is answered within half a second, with the cursor of that moment", async () => {
  const { clock, seen, finish } = run([ok(frameText("a", 1))]);
  await clock.advance(500);
  expect(seen.requestedAt).toHaveLength(2);
  expect(seen.ids).toEqual(["cursor-0", "cursor-1"]);
  await finish();
});

test("failures back off, further each time, up to a minute, and never stop", async () => {
  const { clock, seen, finish } = run([{ status: 502 }]);
  await clock.advance(20 * 60_000);
  const waits = seen.requestedAt.map((at, index) => at - (seen.requestedAt[index - 1] ?? at)).slice(1);
  expect(waits.slice(0, 4).map(Math.round)).toEqual([500, 999, 1998, 3996]);
  expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
  expect(waits.length).toBeGreaterThan(20);
  await finish();
});

test("a server that takes us and says nothing, again and again, is asked again within seconds", async () => {
  const { clock, seen, finish } = run([ok("")]);
  await clock.advance(10 * 60_000);
  const waits = seen.requestedAt.map((at, index) => at - (seen.requestedAt[index - 1] ?? at)).slice(1);
  expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
  await finish();
});

test("Retry-After is obeyed", async () => {
  const { clock, seen, finish } = run([{ status: 429, headers: { "retry-after": "120" } }, ok("")]);
  await clock.advance(119_000);
  expect(seen.requestedAt).toHaveLength(1);
  await clock.advance(2_000);
  expect(seen.requestedAt.length).toBeGreaterThanOrEqual(2);
  await finish();
});

test("403 keeps trying, seldom", async () => {
  const { clock, seen, finish } = run([{ status: 403 }]);
  await clock.advance(2 * 60_000);
  expect(seen.requestedAt).toHaveLength(1);
  await clock.advance(60 * 60_000);
  expect(seen.requestedAt.length).toBeGreaterThan(10);
  await finish();
});

test("a refused cursor is exchanged and asked with at once; when there is no other, it backs off", async () => {
  const first = run([{ status: 400 }, ok(frameText("a", 1))], "retry");
  await first.clock.advance(1);
  expect(first.seen).toMatchObject({ refused: 1, frames: 1 });
  await first.finish();
  const again = run([{ status: 400 }], "wait");
  await again.clock.advance(600);
  expect(again.seen.requestedAt).toHaveLength(2);
  await again.finish();
});

test.each([204, 200, 503])("status %i without a stream is retried", async (status) => {
  const { clock, seen, finish } = run([{ status, headers: { "content-type": "text/html" } }, ok(frameText("a", 1))]);
  await clock.advance(1_000);
  expect(seen.frames).toBeGreaterThan(0);
  await finish();
});
