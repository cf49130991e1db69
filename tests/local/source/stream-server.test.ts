import { afterEach, describe, expect, test } from "@jest/globals";
import { createEventModel, defaultModel } from "../../../local/source/event-model.ts";
import { type StreamServer, startStreamServer } from "../../../local/source/stream-server.ts";

const startMs = 1_790_000_000_000;
const nowMs = startMs + 60_000;
const model = createEventModel(defaultModel("test", 20));
const agent = { "user-agent": "wikilake-test/1.0 (test@example.org)" };
const open: StreamServer[] = [];

async function start(overrides: Partial<Parameters<typeof startStreamServer>[0]> = {}): Promise<StreamServer> {
  const server = await startStreamServer({
    model,
    port: 0,
    now: () => nowMs,
    retentionMs: 3_600_000,
    connectionMs: 900_000,
    maxConnections: 2,
    ...overrides,
  });
  open.push(server);
  return server;
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

/** Reads frames until `count` messages came or the server ended. */
async function read(
  url: string,
  count: number,
  headers: Record<string, string> = {},
): Promise<{ id: string; data: string }[]> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { ...agent, ...headers }, signal: abort.signal });
  const messages: { id: string; data: string }[] = [];
  let buffer = "";
  try {
    for await (const chunk of response.body ?? []) {
      buffer += Buffer.from(chunk).toString();
      const frames = buffer.split("\n\n");
      buffer = frames.pop() ?? "";
      for (const frame of frames) {
        const found = /^event: message\nid: (.*)\ndata: (.*)$/s.exec(frame);
        if (found) messages.push({ id: found[1] ?? "", data: found[2] ?? "" });
      }
      if (messages.length >= count) break;
    }
  } catch {
    // A cut connection is what some tests ask for.
  }
  abort.abort();
  return messages.slice(0, count);
}

const dataFrom = (fromMs: number): string[] =>
  Array.from({ length: 60 }, (_, second) => model.eventsOf(startMs / 1000 + second))
    .flat()
    .filter(({ timestampMs }) => timestampMs >= fromMs)
    .map(({ data }) => data);

describe("the simulated EventStreams server", () => {
  test("delivers every event since a time, with timestamps of the next millisecond and -1 for an unseen topic", async () => {
    const { url } = await start();
    const expected = dataFrom(startMs + 1000);
    const messages = await read(`${url}?since=${startMs + 1000}`, 50);
    expect(messages.map(({ data }) => data)).toEqual(expected.slice(0, 50));
    const id = JSON.parse(messages[0]?.id ?? "[]");
    expect(id).toEqual([
      { topic: "eqiad.mediawiki.recentchange", partition: 0, timestamp: expect.any(Number) },
      { topic: "codfw.mediawiki.recentchange", partition: 0, offset: -1 },
    ]);
  });

  test("skips siblings of the same millisecond when resumed from its own id, as the real one does", async () => {
    const { url } = await start();
    const [first] = await read(`${url}?since=${startMs + 1000}`, 1);
    const resumed = await read(url, 5, { "last-event-id": first?.id ?? "" });
    const from = JSON.parse(first?.id ?? "[]")[0].timestamp;
    expect(resumed.map(({ data }) => data)).toEqual(dataFrom(from).slice(0, 5));
  });

  test("lets Last-Event-ID win over since, and offset over timestamp", async () => {
    const { url } = await start({ connectionMs: 0 });
    const position = JSON.stringify([
      { topic: "eqiad.mediawiki.recentchange", partition: 0, offset: -1, timestamp: startMs },
    ]);
    expect(await read(`${url}?since=${startMs}`, 1, { "last-event-id": position })).toEqual([]);
  });

  test.each([
    ["an agent without contact", "", { "user-agent": "node" }, 403],
    ["a since that is no time", "?since=yesterday-ish", {}, 400],
    ["a Last-Event-ID that is no JSON", "", { "last-event-id": "nope" }, 400],
    [
      "a topic that the stream does not have",
      "",
      { "last-event-id": '[{"topic":"x","partition":0,"timestamp":1}]' },
      404,
    ],
  ])("refuses %s", async (_, query, headers, status) => {
    const { url } = await start();
    const response = await fetch(`${url}${query}`, { headers: { ...agent, ...headers } });
    expect(response.status).toBe(status);
    await response.body?.cancel();
  });

  test("answers an unknown stream with 400", async () => {
    const { url } = await start();
    expect((await fetch(url.replace("recentchange", "nothing"), { headers: agent })).status).toBe(400);
  });

  test("allows two connections and answers the third with 429", async () => {
    const { url } = await start();
    const first = await fetch(url, { headers: agent });
    const second = await fetch(url, { headers: agent });
    expect((await fetch(url, { headers: agent })).status).toBe(429);
    await Promise.all([first.body?.cancel(), second.body?.cancel()]);
  });

  test.each([
    ["status-502", 502],
    ["status-503", 503],
    ["status-204", 204],
    ["html-200", 200],
  ] as const)("plays %s once when told to", async (fault, status) => {
    const server = await start();
    server.faults.arm(fault, 1);
    const response = await fetch(server.url, { headers: agent });
    expect([response.status, response.headers.get("content-type") === "text/event-stream; charset=utf-8"]).toEqual([
      status,
      false,
    ]);
    await response.body?.cancel();
    const again = await fetch(server.url, { headers: agent });
    expect(again.headers.get("content-type")).toContain("text/event-stream");
    await again.body?.cancel();
  });

  test("cuts a connection in the middle of an event", async () => {
    const server = await start();
    server.faults.arm("cut-mid-event", 1);
    expect(await read(`${server.url}?since=${startMs}`, 10)).toEqual([]);
  });

  test("repeats an event when told to", async () => {
    const server = await start();
    server.faults.arm("duplicate", 1);
    const [one, other] = await read(`${server.url}?since=${startMs}`, 2);
    expect(one?.data).toBe(other?.data);
  });
});
