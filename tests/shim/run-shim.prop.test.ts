import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { opsRecordSchema } from "../../lib/core/ops-record.ts";
import { rewindMs } from "../../lib/core/resume.ts";
import { codfw, eqiad } from "../lib/sse/sse-server.ts";
import { FakeFeed, type FeedEvent, feedEvent, type Turn } from "./fake-feed.ts";
import { World } from "./shim-harness.ts";

/** What the feed holds: events of both topics, many in the same millisecond, some canaries, some broken. */
const kind = fc.constantFrom("event", "event", "event", "event", "canary", "broken", "twin");
const event = fc.record({
  topic: fc.constantFrom(eqiad, eqiad, codfw),
  afterMs: fc.constantFrom(0, 0, 1, 700, 200_000),
  kind,
});
const turn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({ events: fc.nat(12), ending: fc.constantFrom("end" as const, "cut" as const, "silence" as const) }),
  fc.record({ status: fc.constantFrom(429, 502, 503, 204) }),
);
const broker = fc.record({
  fate: fc.constantFrom("acked", "acked", "acked", "acked", "acked", "acked", "failed", "lost_ack"),
  delayMs: fc.constantFrom(1, 20, 300),
});
const life = fc.record({
  forMs: fc.constantFrom(40, 120, 600, 5_000, 70_000),
  end: fc.constantFrom("kill" as const, "stop" as const),
  store: fc.constantFrom("kept", "kept", "lost"),
});

function build(shape: readonly { topic: string; afterMs: number; kind: string }[], startMs: number): FeedEvent[] {
  let atMs = startMs + 1_000;
  return shape.map(({ topic, afterMs, kind: what }, index) => {
    atMs += afterMs;
    if (what === "canary") return { topic, atMs, data: JSON.stringify({ meta: { domain: "canary", topic } }) };
    if (what === "broken") return { topic, atMs, data: `{"broken ${index}` };
    return feedEvent(what === "twin" ? "twin" : `e${index}`, topic, atMs, { title: `Page ${index % 5}` });
  });
}

test("whatever the source, the broker and the process suffer, every event is stored, and no cursor was ever ahead", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 5, maxLength: 40, size: "max" }),
      fc.array(turn, { minLength: 2, maxLength: 10, size: "max" }),
      fc.array(broker, { minLength: 1, maxLength: 8 }),
      fc.array(life, { maxLength: 4, size: "max" }),
      async (shape, turns, sends, lives) => {
        const world = new World();
        const startMs = world.clock.now() - 8_100_000;
        const feed = new FakeFeed(build(shape, startMs), world.clock);
        feed.turn = (connection) => turns[connection] ?? {};
        const environment = { SOURCE_START: new Date(startMs).toISOString() };
        let send = 0;
        const next = () => sends[send % sends.length];
        world.kafka.fate = () => (next()?.fate ?? "acked") as "acked";
        world.kafka.delayMs = () => {
          send += 1;
          return next()?.delayMs ?? 1;
        };
        for (const { forMs, end, store } of lives) {
          const shim = world.start(feed.fetch, environment);
          await world.clock.advance(forMs);
          if (end === "kill") shim.kill();
          else shim.stop();
          await world.clock.advance(60_000);
          // Records written by a process that has not said goodbye are there; its stored file may be lost with the store.
          if (store === "lost" && world.kafka.of("raw-events").length > 0) world.store.marks = undefined;
        }
        feed.turn = () => ({});
        world.kafka.fate = () => "acked";
        world.kafka.delayMs = () => 1;
        const last = world.start(feed.fetch, environment);
        await world.clock.advance(10_000);
        last.stop();
        await world.clock.advance(1_000);
        expect(last.outcome.error).toBeUndefined();
        expect(last.outcome.end?.kind).toBe("stopped");
        checkHistory(world, feed.events);
      },
    ),
    { numRuns: 120 },
  );
}, 60_000);

/** Reads the topics as they stand: complete, with no cursor that promised more than was stored before it. */
function checkHistory(world: World, events: readonly FeedEvent[]): void {
  const texts = new Map(events.map((one) => [one, one.data]));
  const stored = new Set<string>();
  for (const { topic, record, stamp } of world.kafka.log) {
    const cursor: Record<string, number> = JSON.parse(stamp["cursor"] ?? "{}");
    for (const one of events) {
      const isPassed = one.atMs < (cursor[one.topic] ?? 0) - rewindMs;
      if (isPassed && needsStoring(one)) expect(stored).toContain(keyOf(texts.get(one) ?? ""));
    }
    if (topic === "ops-events") opsRecordSchema.parse(JSON.parse(record.value.toString()));
    else if (topic === "raw-events") stored.add(keyOf(record.value.toString()));
    else stored.add(keyOf(Buffer.from(JSON.parse(record.value.toString()).raw_base64, "base64").toString()));
  }
  for (const one of events) if (needsStoring(one)) expect(stored).toContain(keyOf(one.data));
}

function needsStoring({ data }: FeedEvent): boolean {
  return !data.includes('"canary"');
}

/** Twins have one id: one of them is enough. */
function keyOf(data: string): string {
  return data.startsWith('{"broken') ? data : JSON.parse(data).meta.id;
}
