import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { deadLetterRecordSchema } from "../../lib/core/dead-letter.ts";
import { opsRecordSchema } from "../../lib/core/ops-record.ts";
import { rewindMs } from "../../lib/core/resume.ts";
import { codfw, eqiad, frameText } from "../lib/sse/sse-server.ts";
import { FakeFeed, feedEvent } from "./fake-feed.ts";
import { settle } from "./manual-clock.ts";
import { World } from "./shim-harness.ts";

const hourMs = 3_600_000;
const cursorsOf = (world: World) =>
  world.kafka.of("raw-events").map(({ headers }) => JSON.parse(headers["cursor"] ?? "{}"));

function setUp(build: (nowMs: number) => ReturnType<typeof feedEvent>[]) {
  const world = new World();
  const feed = new FakeFeed(build(world.clock.now()), world.clock);
  return { world, feed };
}

/** Lets a shim of the file source, which reads the real disk, come to its end. */
async function finish(world: World, shim: ReturnType<World["start"]>): Promise<void> {
  for (let turn = 0; turn < 2_000 && shim.outcome.end === undefined && shim.outcome.error === undefined; turn += 1) {
    await world.clock.advance(100);
  }
}

describe("an event stream", () => {
  test("events reach the raw topic untouched, with their headers, and the mark follows the acknowledgements", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 5_000), feedEvent("b", eqiad, now - 4_000)]);
    const startMs = world.clock.now() - 60_000;
    const nowMs = world.clock.now();
    const shim = world.start(feed.fetch, { SOURCE_START: new Date(startMs).toISOString() });
    await world.clock.advance(1_000);
    shim.stop();
    await world.clock.advance(100);
    expect(shim.outcome.end).toMatchObject({ kind: "stopped", totals: { received: 2, accepted: 2 } });
    const record = world.kafka.of("raw-events").find(({ headers }) => headers["event_id"] === "a");
    expect(record?.value.toString()).toBe(feed.events[0]?.data);
    expect(record?.key.toString()).toBe("enwiki:Page a");
    expect(record?.headers).toEqual({
      event_id: "a",
      wiki: "enwiki",
      event_type: "edit",
      ingested_at: String(nowMs),
      cursor: JSON.stringify({ [eqiad]: startMs, [codfw]: startMs }),
      source_kind: "live",
      shim_epoch: "epoch-1",
      schema_version: "1.0.0",
    });
    expect(world.store.marks).toEqual(
      new Map([
        [eqiad, nowMs - 4_000 + 1],
        [codfw, startMs],
      ]),
    );
  });

  test("a first start asks for the oldest time allowed and writes a gap row for each topic", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 1_000)]);
    const shim = world.start(feed.fetch);
    await world.clock.advance(1_000);
    const oldestMs = world.clock.now() - 1_000 - (7 * 24 - 1) * hourMs;
    expect(feed.asked[0]).toEqual({ [eqiad]: oldestMs, [codfw]: oldestMs });
    expect(world.ops("feed_gaps").map((row) => [row["source_topic"], row["kind"], row["gap_end"]])).toEqual([
      [eqiad, "retention", new Date(oldestMs).toISOString()],
      [codfw, "retention", new Date(oldestMs).toISOString()],
      [eqiad, "disconnect", new Date(world.clock.now() - 1_999 + rewindMs).toISOString()],
    ]);
    shim.stop();
    await world.clock.advance(100);
  });

  test("after a cut each topic is asked for from its own mark, a minute back, and repeats are dropped", async () => {
    const { world, feed } = setUp((now) => [
      feedEvent("x", codfw, now - 600_000),
      feedEvent("a", eqiad, now - 5_000),
      feedEvent("b", eqiad, now - 5_000),
      feedEvent("c", eqiad, now - 4_000),
    ]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 300_000],
      [codfw, world.clock.now() - 700_000],
    ]);
    const startMs = world.clock.now();
    feed.turn = (connection) => (connection === 0 ? { events: 2, ending: "cut" } : {});
    const shim = world.start(feed.fetch);
    await world.clock.advance(5_000);
    expect(feed.asked).toEqual([
      { [eqiad]: startMs - 300_000 - rewindMs, [codfw]: startMs - 700_000 - rewindMs },
      { [eqiad]: startMs - 4_999 - rewindMs, [codfw]: startMs - 599_999 - rewindMs },
    ]);
    shim.stop();
    await world.clock.advance(1_000);
    expect(world.ids().sort()).toEqual(["a", "b", "c", "x"]);
    expect(shim.outcome.end).toMatchObject({ totals: { received: 6, accepted: 4, duplicates: 2, connections: 2 } });
  });

  test("a data-centre switchover while disconnected loses nothing", async () => {
    const { world, feed } = setUp((now) => [
      feedEvent("z", codfw, now - 600_000),
      feedEvent("a", eqiad, now - 9_000),
      feedEvent("b", codfw, now - 8_000),
      feedEvent("c", codfw, now - 7_000),
    ]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 8_999],
      [codfw, world.clock.now() - 599_999],
    ]);
    feed.turn = (connection) => (connection === 0 ? { events: 2, ending: "end" } : {});
    const shim = world.start(feed.fetch);
    await world.clock.advance(3_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids().sort()).toEqual(["a", "b", "c", "z"]);
    expect(world.ops("feed_gaps")).toEqual([]);
  });

  test("a topic without an event keeps its time over a restart, and its first event is no gap", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 9_000)]);
    const startMs = world.clock.now() - 10_000;
    const first = world.start(feed.fetch, { SOURCE_START: new Date(startMs).toISOString() });
    await world.clock.advance(1_000);
    first.kill();
    await world.clock.advance(3_600_000);
    feed.events.push(feedEvent("b", codfw, world.clock.now() - 1_000));
    const second = world.start(feed.fetch);
    await world.clock.advance(1_000);
    expect(feed.asked.at(-1)?.[codfw]).toBe(startMs);
    second.stop();
    await world.clock.advance(100);
    expect(new Set(world.ids())).toEqual(new Set(["a", "b"]));
    expect(world.ops("feed_gaps")).toEqual([]);
  });

  test("canaries are dropped, counted, and move their topic's mark", async () => {
    const { world, feed } = setUp((now) => [
      { topic: codfw, atMs: now - 2_000, data: JSON.stringify({ meta: { domain: "canary", topic: codfw } }) },
      feedEvent("a", eqiad, now - 1_000),
    ]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 3_000],
      [codfw, world.clock.now() - 3_000],
    ]);
    const shim = world.start(feed.fetch);
    await world.clock.advance(1_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toEqual(["a"]);
    expect(world.store.marks?.get(codfw)).toBe(world.clock.now() - 1_100 - 2_000 + 1);
    expect(shim.outcome.end).toMatchObject({ totals: { dropped: 1, accepted: 1 } });
  });

  test("what cannot be read becomes a dead letter with its bytes, once, and the next event is taken", async () => {
    const { world, feed } = setUp((now) => [
      { topic: eqiad, atMs: now - 3_000, data: '{"broken":' },
      { topic: eqiad, atMs: now - 2_500, data: JSON.stringify({ meta: { dt: "x", topic: eqiad } }) },
      feedEvent("a", eqiad, now - 2_000),
    ]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 3_500],
      [codfw, world.clock.now()],
    ]);
    feed.turn = (connection) => (connection === 0 ? { events: 3, ending: "end" } : {});
    const shim = world.start(feed.fetch);
    await world.clock.advance(3_000);
    shim.stop();
    await world.clock.advance(100);
    const letters = world.kafka.json("dlq-events").map((value) => deadLetterRecordSchema.parse(value));
    expect(letters.map(({ reason }) => reason)).toEqual(["invalid_json", "missing_event_id"]);
    expect(Buffer.from(letters[0]?.raw_base64 ?? "", "base64").toString()).toBe('{"broken":');
    expect(world.ids()).toEqual(["a"]);
    expect(shim.outcome.end).toMatchObject({ totals: { received: 6, accepted: 1, rejected: 2, duplicates: 3 } });
  });

  test("the cursor in a record never passes an event that is not acknowledged", async () => {
    const { world, feed } = setUp((now) =>
      Array.from({ length: 40 }, (_, index) => feedEvent(`e${index}`, eqiad, now - 50_000 + index)),
    );
    const base = world.clock.now() - 50_000;
    world.store.marks = new Map([
      [eqiad, base],
      [codfw, base],
    ]);
    let sends = 0;
    world.kafka.delayMs = () => {
      sends += 1;
      return sends === 1 ? 5_000 : 1;
    };
    const shim = world.start(feed.fetch);
    await world.clock.advance(3_000);
    const stored = new Set(world.ids());
    const missing = Array.from({ length: 40 }, (_, index) => index).find((index) => !stored.has(`e${index}`)) ?? 40;
    for (const cursor of cursorsOf(world)) expect(cursor[eqiad]).toBeLessThanOrEqual(base + missing);
    await world.clock.advance(10_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.store.marks?.get(eqiad)).toBe(base + 40);
  });

  test("a failed send ends the shim without moving the stored cursor; the next one replays", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 5_000), feedEvent("b", eqiad, now - 4_000)]);
    const markMs = world.clock.now() - 6_000;
    world.store.marks = new Map([
      [eqiad, markMs],
      [codfw, markMs],
    ]);
    world.kafka.fate = (topic) => (topic === "raw-events" ? "lost_ack" : "acked");
    const shim = world.start(feed.fetch);
    await world.clock.advance(2_000);
    expect(shim.outcome.error).toBeInstanceOf(Error);
    expect(world.store.marks?.get(eqiad)).toBe(markMs);
    world.kafka.fate = () => "acked";
    const again = world.start(feed.fetch);
    await world.clock.advance(2_000);
    again.stop();
    await world.clock.advance(100);
    expect(new Set(world.ids())).toEqual(new Set(["a", "b"]));
  });

  test("a record that the broker refuses for its size becomes a dead letter; its neighbours are stored", async () => {
    const { world, feed } = setUp((now) =>
      ["a", "big", "b"].map((id) => feedEvent(id, eqiad, now - 4_000, { title: "same" })),
    );
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 5_000],
      [codfw, world.clock.now()],
    ]);
    world.kafka.fate = (topic, records) =>
      topic === "raw-events" && records.some(({ headers }) => headers["event_id"] === "big") ? "too_large" : "acked";
    const shim = world.start(feed.fetch);
    await world.clock.advance(2_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toEqual(["a", "b"]);
    expect(world.kafka.json("dlq-events")).toMatchObject([
      { reason: "broker_refused", event_id: "big", wiki: "enwiki" },
    ]);
    expect(shim.outcome.end).toMatchObject({ totals: { accepted: 2, rejected: 1 } });
  });

  test("a refused cursor is replaced by the oldest time allowed, and the hole is a gap row", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 7 * 24 * hourMs + hourMs + 30_000)]);
    const staleMs = world.clock.now() - 30 * 24 * hourMs;
    world.store.marks = new Map([
      [eqiad, staleMs],
      [codfw, staleMs],
    ]);
    feed.refusedBeforeMs = world.clock.now() - 7 * 24 * hourMs;
    const shim = world.start(feed.fetch);
    await world.clock.advance(2_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toEqual(["a"]);
    const gaps = world.ops("feed_gaps");
    expect(gaps.map((row) => [row["source_topic"], row["kind"], row["gap_start"]])).toEqual([
      [eqiad, "invalid_cursor", new Date(staleMs - rewindMs).toISOString()],
      [codfw, "invalid_cursor", new Date(staleMs - rewindMs).toISOString()],
    ]);
    expect(world.store.marks?.get(codfw)).toBeGreaterThan(staleMs);
  });

  test("a single 400 for a fresh cursor is the server's trouble and gives nothing up", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 5_000)]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 4_999],
      [codfw, world.clock.now() - 9_000],
    ]);
    feed.turn = (connection) => (connection < 3 ? { status: 400 } : {});
    const shim = world.start(feed.fetch);
    await world.clock.advance(20_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toEqual(["a"]);
    expect(world.ops("feed_gaps")).toEqual([]);
  });

  test("a source that forgot the cursor's time starts later: a gap row from what was asked to the first event, and late ones", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 500_000), feedEvent("b", eqiad, now - 1_000)]);
    const markMs = world.clock.now() - 400_000;
    world.store.marks = new Map([
      [eqiad, markMs],
      [codfw, markMs],
    ]);
    feed.forgottenBeforeMs = world.clock.now() - 60_000;
    const firstMs = world.clock.now() - 1_000 + 1;
    const shim = world.start(feed.fetch);
    await world.clock.advance(2_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ops("feed_gaps")).toMatchObject([
      {
        source_topic: eqiad,
        kind: "disconnect",
        gap_start: new Date(markMs - rewindMs).toISOString(),
        gap_end: new Date(firstMs + rewindMs).toISOString(),
      },
    ]);
  });

  test("the limit ends the run after so many events, all acknowledged", async () => {
    const { world, feed } = setUp((now) =>
      Array.from({ length: 50 }, (_, index) => feedEvent(`e${index}`, eqiad, now - 5_000 + index)),
    );
    const shim = world.start(feed.fetch, {
      SOURCE_LIMIT: "7",
      SOURCE_START: new Date(world.clock.now() - 60_000).toISOString(),
    });
    await world.clock.advance(2_000);
    expect(shim.outcome.end).toMatchObject({ kind: "finished", totals: { accepted: 7 } });
    expect(world.ids().sort()).toEqual(["e0", "e1", "e2", "e3", "e4", "e5", "e6"]);
  });

  test("when Kafka is slow the source is not read any further, and memory stays bounded", async () => {
    const { world, feed } = setUp((now) =>
      Array.from({ length: 500 }, (_, index) =>
        feedEvent(`e${index}`, eqiad, now - 5_000 + index, { comment: "x".repeat(1_000) }),
      ),
    );
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 6_000],
      [codfw, world.clock.now()],
    ]);
    world.kafka.delayMs = () => 40_000;
    const shim = world.start(feed.fetch, { BUFFER_BYTES: "20000" });
    await world.clock.advance(35_000);
    const buffered = world.metrics.at(-1)?.["BufferedBytes"];
    expect(buffered).toBeGreaterThan(0);
    expect(buffered).toBeLessThan(25_000);
    world.kafka.delayMs = () => 1;
    await world.clock.advance(120_000);
    shim.stop();
    await world.clock.advance(1_000);
    expect(new Set(world.ids()).size).toBe(500);
  });

  test("a clock an hour behind the source's does not refuse every event", async () => {
    const { world, feed } = setUp((now) => [
      feedEvent("a", eqiad, now + 3_590_000),
      feedEvent("b", eqiad, now + 3_600_000),
    ]);
    const markMs = world.clock.now() + 3_580_000;
    world.store.marks = new Map([
      [eqiad, markMs],
      [codfw, markMs],
    ]);
    const shim = world.start(feed.fetch);
    await world.clock.advance(1_000);
    shim.stop();
    await world.clock.advance(100);
    expect(shim.outcome.end).toMatchObject({ totals: { accepted: 2, rejected: 0 } });
  });

  test("an endless line is a dead letter; met a second time it is skipped with a gap row, and not read again", async () => {
    const world = new World();
    const nowMs = world.clock.now();
    const asked: string[] = [];
    const before = frameText(feedEvent("a", eqiad, nowMs - 3_000).data, nowMs - 2_999);
    const after = frameText(feedEvent("b", eqiad, nowMs - 1_000).data, nowMs - 999);
    const endless = frameText("x", nowMs - 1_999).replace("x\n\n", "");
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      const id = new Headers(init?.headers).get("last-event-id") ?? "";
      asked.push(id);
      const isPast = JSON.parse(id)[0].timestamp >= nowMs - 1_999;
      let chunks = 0;
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          chunks += 1;
          if (isPast && chunks > 1) return new Promise(() => undefined);
          if (isPast) controller.enqueue(Buffer.from(after));
          else controller.enqueue(chunks === 1 ? Buffer.from(before + endless) : Buffer.alloc(1_048_576, 0x79));
          return undefined;
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    world.store.marks = new Map([
      [eqiad, nowMs - 2_999],
      [codfw, nowMs],
    ]);
    const shim = world.start(fetch);
    await world.clock.advance(5_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toEqual(["a", "b"]);
    expect(world.kafka.json("dlq-events")).toMatchObject([{ reason: "oversize", is_truncated: true }]);
    expect(world.ops("feed_gaps")).toMatchObject([{ kind: "disconnect", source_topic: eqiad }]);
    expect(asked).toHaveLength(3);
  });

  test("an event that breaks off after megabytes is told of, and taken when it comes whole", async () => {
    const world = new World();
    const nowMs = world.clock.now();
    const event = frameText(feedEvent("a", eqiad, nowMs - 3_000).data, nowMs - 2_999);
    let connections = 0;
    const fetch: typeof globalThis.fetch = async () => {
      connections += 1;
      const broken = event.replace("data: ", `data: ${"z".repeat(2_000_000)}`).trimEnd();
      const parts = [Buffer.from(connections === 1 ? broken : event)];
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          const part = parts.shift();
          if (part !== undefined) controller.enqueue(part);
          else if (connections === 1) controller.error(new Error("reset"));
          else return new Promise(() => undefined);
          return undefined;
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const shim = world.start(fetch, { SOURCE_START: new Date(nowMs - 60_000).toISOString() });
    await world.clock.advance(5_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toEqual(["a"]);
    expect(world.kafka.json("dlq-events")).toMatchObject([{ reason: "oversize" }]);
    expect(world.ops("feed_gaps")).toEqual([]);
  });

  test("a filter leaves events out before Kafka, and the cursor passes them", async () => {
    const { world, feed } = setUp((now) => [
      feedEvent("a", eqiad, now - 5_000, { namespace: 0 }),
      feedEvent("b", eqiad, now - 4_000, { namespace: 4 }),
      feedEvent("c", eqiad, now - 3_000),
    ]);
    const environment = {
      INGEST_FILTER: '{"namespaces":[0]}',
      SOURCE_START: new Date(world.clock.now() - 60_000).toISOString(),
    };
    const shim = world.start(feed.fetch, environment);
    await world.clock.advance(1_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toEqual(["a"]);
    expect(shim.outcome.end).toMatchObject({ totals: { accepted: 1, filtered: 2, received: 1 } });
    expect(world.store.marks?.get(eqiad)).toBe(world.clock.now() - 1_100 - 3_000 + 1);
  });

  test.each([429, 503, 204, 404, 302])("status %i is no end: the next answer is read", async (status) => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 5_000)]);
    feed.turn = (connection) => (connection === 0 ? { status } : {});
    const shim = world.start(feed.fetch, { SOURCE_START: new Date(world.clock.now() - 60_000).toISOString() });
    await world.clock.advance(400_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toContain("a");
  });

  test("minute rows and session rows account for every event", async () => {
    const { world, feed } = setUp((now) => [
      feedEvent("a", eqiad, now - 3_000),
      { topic: eqiad, atMs: now - 2_900, data: "broken" },
      feedEvent("b", eqiad, now - 2_800),
    ]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 4_000],
      [codfw, world.clock.now()],
    ]);
    feed.turn = (connection) => (connection === 0 ? { events: 2, ending: "cut" } : {});
    const shim = world.start(feed.fetch);
    await world.clock.advance(61_000);
    shim.stop();
    await world.clock.advance(100);
    for (const record of world.kafka.json("ops-events")) opsRecordSchema.parse(record);
    const minutes = world.ops("ingest_minutes");
    const sum = (field: string) => minutes.reduce((total, row) => total + Number(row[field]), 0);
    expect([sum("received"), sum("acked"), sum("rejected"), sum("duplicates")]).toEqual([11, 2, 1, 8]);
    expect(world.ops("feed_sessions").map((row) => row["close_reason"])).toEqual([
      "network",
      "idle",
      "idle",
      "stopped",
    ]);
  });

  test("it is healthy while it makes progress and not when nothing is acknowledged any more", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 3_000)]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 4_000],
      [codfw, world.clock.now()],
    ]);
    world.kafka.delayMs = () => 3_600_000;
    const startMs = world.clock.now();
    const shim = world.start(feed.fetch);
    await world.clock.advance(600_000);
    expect(world.healthyAtMs - startMs).toBeGreaterThan(100_000);
    expect(world.healthyAtMs - startMs).toBeLessThan(200_000);
    shim.kill();
  });

  test("a store that does not answer is no reason to stop when the topics have the cursor", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 5_000), feedEvent("b", eqiad, now - 4_000)]);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 6_000],
      [codfw, world.clock.now()],
    ]);
    const first = world.start(feed.fetch);
    await world.clock.advance(1_000);
    first.kill();
    world.store.isBroken = true;
    const second = world.start(feed.fetch);
    await world.clock.advance(1_000);
    second.stop();
    await world.clock.advance(1_000);
    expect(second.outcome.end).toMatchObject({ kind: "stopped" });
    const empty = new World();
    empty.store.isBroken = true;
    const third = empty.start(feed.fetch);
    await empty.clock.advance(1_000);
    expect(third.outcome.error).toBeInstanceOf(Error);
  });
});

describe("a file", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "wikilake-shim-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (name: string, lines: readonly string[]): Record<string, string> => {
    const path = join(folder, name);
    writeFileSync(path, lines.join("\n"));
    return { SOURCE_URL: pathToFileURL(path).href, SOURCE_KIND: "replay" };
  };
  const line = (id: string) => feedEvent(id, eqiad, Date.UTC(2016, 5, 27)).data;
  const noFeed: typeof fetch = () => Promise.reject(new Error("a file needs no network"));

  test("is delivered to its end once; a second run produces nothing", async () => {
    const world = new World();
    const canary = JSON.stringify({ meta: { domain: "canary" } });
    const environment = fileOf("whole.ndjson", [line("a"), "broken", "", line("b"), canary, line("a")]);
    const first = world.start(noFeed, environment);
    await finish(world, first);
    expect(first.outcome.end).toMatchObject({
      kind: "finished",
      totals: { received: 5, accepted: 2, rejected: 1, dropped: 1, duplicates: 1 },
      file: { read: 5, alreadyDelivered: 0 },
    });
    const produced = world.kafka.of("raw-events").length + world.kafka.of("dlq-events").length;
    const second = world.start(noFeed, environment);
    await finish(world, second);
    expect(second.outcome.end).toMatchObject({ totals: { received: 0 }, file: { read: 5, alreadyDelivered: 5 } });
    expect(world.kafka.of("raw-events").length + world.kafka.of("dlq-events").length).toBe(produced);
    expect(produced).toBe(3);
  });

  test("killed on the way, it goes on behind the last line known to be delivered", async () => {
    const world = new World();
    const ids = Array.from({ length: 300 }, (_, index) => `e${index}`);
    const environment = { ...fileOf("part.ndjson", ids.map(line)), SOURCE_RATE: "100" };
    const first = world.start(noFeed, environment);
    for (let turn = 0; turn < 40; turn += 1) {
      await settle();
      await world.clock.advance(25);
    }
    first.kill();
    const before = world.ids().length;
    expect(before).toBeGreaterThan(10);
    expect(before).toBeLessThan(300);
    const second = world.start(noFeed, environment);
    await finish(world, second);
    expect(new Set(world.ids())).toEqual(new Set(ids));
    expect(second.outcome.end?.file?.alreadyDelivered).toBeGreaterThan(0);
  });

  test("does not make the feed forget where it was", async () => {
    const world = new World();
    const feed = new FakeFeed([feedEvent("live", eqiad, world.clock.now() - 1_000)], world.clock);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 2_000],
      [codfw, world.clock.now() - 2_000],
    ]);
    const live = world.start(feed.fetch);
    await world.clock.advance(1_000);
    live.stop();
    await world.clock.advance(100);
    const liveMark = world.store.marks?.get(eqiad);
    const file = world.start(
      noFeed,
      fileOf(
        "other.ndjson",
        Array.from({ length: 100 }, (_, index) => line(`f${index}`)),
      ),
    );
    await finish(world, file);
    world.store.marks = undefined;
    const again = world.start(feed.fetch);
    await world.clock.advance(1_000);
    expect(feed.asked.at(-1)?.[eqiad]).toBe((liveMark ?? 0) - rewindMs);
    again.kill();
  });
});
