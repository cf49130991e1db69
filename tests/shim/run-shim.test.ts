import { describe, expect, test } from "@jest/globals";
import { deadLetterRecordSchema } from "../../lib/core/dead-letter.ts";
import { opsRecordSchema } from "../../lib/core/ops-record.ts";
import { codfw, eqiad } from "../lib/sse/sse-server.ts";
import { idOf } from "./event-id.ts";
import { feedEvent } from "./fake-feed.ts";
import { setUp, type World } from "./shim-harness.ts";

const cursorsOf = (world: World) =>
  world.kafka.log.filter(({ topic }) => topic === "raw-events").map(({ stamp }) => JSON.parse(stamp["cursor"] ?? "{}"));

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
    const record = world.kafka.of("raw-events").find((one) => idOf(one) === "a");
    expect(record?.value.toString()).toBe(feed.events[0]?.data);
    expect(record?.key.toString()).toBe("enwiki:Page a");
    expect(record?.headers).toEqual({
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
});
