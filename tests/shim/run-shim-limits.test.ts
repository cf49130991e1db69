import { describe, expect, test } from "@jest/globals";
import { codfw, eqiad, frameText } from "../lib/sse/sse-server.ts";
import { idOf } from "./event-id.ts";
import { feedEvent } from "./fake-feed.ts";
import { setUp, World } from "./shim-harness.ts";

describe("an event stream and the limits of memory, size and number", () => {
  test("a record that the broker refuses for its size becomes a dead letter; its neighbours are stored", async () => {
    const { world, feed } = setUp((now) =>
      ["a", "big", "b"].map((id) => feedEvent(id, eqiad, now - 4_000, { title: "same" })),
    );
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 5_000],
      [codfw, world.clock.now()],
    ]);
    world.kafka.fate = (topic, records) =>
      topic === "raw-events" && records.some((one) => idOf(one) === "big") ? "too_large" : "acked";
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
});
