import { describe, expect, test } from "@jest/globals";
import { rewindMs } from "../../lib/core/resume.ts";
import { codfw, eqiad } from "../lib/sse/sse-server.ts";
import { feedEvent } from "./fake-feed.ts";
import { setUp, World } from "./shim-harness.ts";

const hourMs = 3_600_000;

describe("an event stream that is cut, refused or begun anew", () => {
  test("a first start asks for the oldest time allowed and writes a gap row for each topic", async () => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 1_000)]);
    const shim = world.start(feed.fetch);
    await world.clock.advance(1_000);
    const oldestMs = world.clock.now() - 1_000 - (7 * 24 - 1) * hourMs;
    expect(feed.asked[0]).toEqual({ [eqiad]: oldestMs, [codfw]: oldestMs });
    expect(world.ops("feed_gaps").map((row) => [row["source_topic"], row["kind"], row["gap_end"]])).toEqual([
      [eqiad, "retention", new Date(oldestMs).toISOString()],
      [codfw, "retention", new Date(oldestMs).toISOString()],
      // The oldest event there is, is days younger: of neither topic can be told what was before.
      [eqiad, "disconnect", new Date(world.clock.now() - 1_999 + rewindMs).toISOString()],
      [codfw, "disconnect", new Date(world.clock.now() - 1_999 + rewindMs).toISOString()],
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

  test.each([
    ["the source's clock decides whether a cursor is stale, not ours which is an hour ahead", 58 * 60_000, 0],
    ["a source that does not say the time is believed to have ours", undefined, 2],
  ])("%s", async (_, behindMs, gaps) => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 60_000)]);
    const markMs = world.clock.now() - 62 * 60_000;
    world.store.marks = new Map([
      [eqiad, markMs],
      [codfw, markMs],
    ]);
    feed.behindMs = behindMs;
    // As often as it takes to halve a week down to an hour.
    feed.turn = (connection) => (connection < 9 ? { status: 400 } : {});
    const shim = world.start(feed.fetch);
    await world.clock.advance(20 * 60_000);
    shim.stop();
    await world.clock.advance(100);
    expect(new Set(world.ids())).toEqual(new Set(["a"]));
    expect(world.ops("feed_gaps").filter(({ kind }) => kind === "invalid_cursor")).toHaveLength(gaps);
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

  test.each([429, 503, 204, 404, 302])("status %i is no end: the next answer is read", async (status) => {
    const { world, feed } = setUp((now) => [feedEvent("a", eqiad, now - 5_000)]);
    feed.turn = (connection) => (connection === 0 ? { status } : {});
    const shim = world.start(feed.fetch, { SOURCE_START: new Date(world.clock.now() - 60_000).toISOString() });
    await world.clock.advance(400_000);
    shim.stop();
    await world.clock.advance(100);
    expect(world.ids()).toContain("a");
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
