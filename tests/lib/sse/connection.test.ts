import { afterEach, expect, test } from "@jest/globals";
import { systemClock } from "../../../lib/platform/clock.ts";
import { idleMs, runConnection } from "../../../lib/sse/connection.ts";
import type { SourceFrame } from "../../../lib/sse/frame-reader.ts";
import { ManualClock, settle } from "../../shim/manual-clock.ts";
import { type Answer, frameText, type SseServer, startSseServer, status, stream } from "./sse-server.ts";

let server: SseServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

function sinkOf(room: () => Promise<void> | undefined = () => undefined) {
  const frames: SourceFrame[] = [];
  return {
    frames,
    frame: (frame: SourceFrame) => frames.push(frame),
    endless: () => undefined,
    room,
    alive: () => undefined,
  };
}

async function connect(answer: Answer, stop = new AbortController()) {
  server = await startSseServer(answer);
  const sink = sinkOf();
  const request = { url: server.url, userAgent: "wikilake/test (x)", lastEventId: "[]" };
  const end = await runConnection(request, { fetch, clock: systemClock }, sink, stop.signal);
  return { end, data: sink.frames.map(({ data }) => data.toString()) };
}

test("names itself, asks for an event stream and resumes by Last-Event-ID", async () => {
  await connect(stream(""));
  expect(server?.requests[0]?.headers).toMatchObject({
    accept: "text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "wikilake/test (x)",
    "last-event-id": "[]",
  });
});

test("an end by the server is an end, with what came before it", async () => {
  const { end, data } = await connect(stream(frameText("a", 1) + frameText("b", 2)));
  expect(end).toMatchObject({ reason: "ended", httpStatus: 200, frames: 2 });
  expect(data).toEqual(["a", "b"]);
});

test("a cut in the middle of an event gives up that half", async () => {
  const { end, data } = await connect(stream(`${frameText("a", 1)}id: []\ndata: {"ha`, "cut"));
  expect(end).toMatchObject({ reason: "network", frames: 1 });
  expect(data).toEqual(["a"]);
});

test("an error frame ends the connection", async () => {
  const { end } = await connect(stream(`${frameText("a", 1)}event: error\ndata: {}\n\n`, "hang"));
  expect(end).toMatchObject({ reason: "error_frame", frames: 1 });
});

test.each<[string, Answer, string]>([
  ["a page instead of a stream", status(200, { "content-type": "text/html" }, "<html>"), "not_event_stream"],
  ["204", status(204), "no_content"],
  ["400", status(400), "cursor_refused"],
  ["403", status(403), "forbidden"],
  ["404", status(404), "not_found"],
  ["429", status(429), "throttled"],
  ["502", status(502), "server_error"],
  ["503", status(503), "server_error"],
  ["418", status(418), "unexpected_status"],
  ["a redirect, which is not followed", status(302, { location: "http://127.0.0.1:1/elsewhere" }), "redirected"],
])("%s is told apart", async (_name, answer, reason) => {
  const { end } = await connect(answer);
  expect(end).toMatchObject({ reason, frames: 0 });
  expect(server?.requests).toHaveLength(1);
});

test("Retry-After is passed on", async () => {
  const { end } = await connect(status(429, { "retry-after": "7" }));
  expect(end.retryAfterMs).toBe(7_000);
});

test("a server that is not there is a failure of the network", async () => {
  const sink = sinkOf();
  const request = { url: new URL("http://127.0.0.1:1/"), userAgent: "x", lastEventId: "[]" };
  const end = await runConnection(request, { fetch, clock: systemClock }, sink, new AbortController().signal);
  expect(end).toMatchObject({ reason: "network", httpStatus: undefined });
});

test("a stop ends the connection at once", async () => {
  const stop = new AbortController();
  const running = connect(stream(frameText("a", 1), "hang"), stop);
  while ((server?.requests.length ?? 0) === 0) await settle();
  stop.abort();
  expect((await running).end.reason).toBe("stopped");
});

/** A body that says nothing and does not listen to the signal either. */
function silentFetch(first: string): typeof fetch {
  return async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(first)) });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

test("half a minute of silence ends the connection, counted from the last byte", async () => {
  const clock = new ManualClock();
  const sink = sinkOf();
  const request = { url: new URL("http://127.0.0.1/"), userAgent: "x", lastEventId: "[]" };
  const deps = { fetch: silentFetch(frameText("a", 1)), clock };
  let ended = "";
  const running = runConnection(request, deps, sink, new AbortController().signal).then((end) => {
    ended = end.reason;
  });
  await clock.advance(idleMs - 1);
  expect([sink.frames.length, ended]).toEqual([1, ""]);
  await clock.advance(2);
  await running;
  expect(ended).toBe("idle");
});

test("a server that takes the request and never answers is idle too", async () => {
  const clock = new ManualClock();
  const never: typeof fetch = (_url, init) =>
    new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const request = { url: new URL("http://127.0.0.1/"), userAgent: "x", lastEventId: "[]" };
  const running = runConnection(request, { fetch: never, clock }, sinkOf(), new AbortController().signal);
  await clock.advance(idleMs + 1);
  expect((await running).reason).toBe("idle");
});

test("while the sink has no room nothing is read, and our own silence is not the server's", async () => {
  const clock = new ManualClock();
  const gate = Promise.withResolvers<void>();
  let pulls = 0;
  const body = new ReadableStream(
    {
      pull: (controller) => {
        pulls += 1;
        controller.enqueue(Buffer.from(frameText(`n${pulls}`, pulls)));
      },
    },
    { highWaterMark: 0 },
  );
  const deps = {
    clock,
    fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
  };
  const isFull = () => sink.frames.length >= 3;
  const sink = sinkOf(() => (isFull() && sink.frames.length === 3 ? gate.promise : undefined));
  const stop = new AbortController();
  const request = { url: new URL("http://127.0.0.1/"), userAgent: "x", lastEventId: "[]" };
  const running = runConnection(
    request,
    deps,
    {
      ...sink,
      frame: (frame) => {
        sink.frames.push(frame);
        if (sink.frames.length === 10) stop.abort();
      },
    },
    stop.signal,
  );
  await clock.advance(10 * idleMs);
  expect(sink.frames).toHaveLength(3);
  gate.resolve();
  expect((await running).reason).toBe("stopped");
  expect(sink.frames.length).toBeGreaterThanOrEqual(10);
});

test("what the sink throws is a bug and is not taken for a failure of the network", async () => {
  server = await startSseServer(stream(frameText("a", 1)));
  const request = { url: server.url, userAgent: "x", lastEventId: "[]" };
  const sink = {
    ...sinkOf(),
    frame: () => {
      throw new Error("a bug");
    },
  };
  const run = runConnection(request, { fetch, clock: systemClock }, sink, new AbortController().signal);
  await expect(run).rejects.toThrow("a bug");
});
