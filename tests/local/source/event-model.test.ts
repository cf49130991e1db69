import { describe, expect, test } from "@jest/globals";
import { createEventModel, defaultModel } from "../../../local/source/event-model.ts";
import { uuidOf } from "../../../local/source/random.ts";

const start = 1_790_000_000;
const seconds = Array.from({ length: 300 }, (_, index) => start + index);
const model = createEventModel(defaultModel("test", 35));
const events = seconds.flatMap((second) => model.eventsOf(second));
const parsed = events.filter(({ eventId }) => eventId !== undefined).map(({ data }) => JSON.parse(data));

describe("the simulated feed", () => {
  test("is the same whenever and in whatever order its seconds are asked for", () => {
    const other = createEventModel(defaultModel("test", 35));
    const backwards = [...seconds].reverse().flatMap((second) => [...other.eventsOf(second)].reverse());
    expect(backwards.reverse()).toEqual(events);
  });

  test("differs between seeds", () => {
    const other = createEventModel(defaultModel("another", 35));
    expect(other.eventsOf(start)).not.toEqual(model.eventsOf(start));
  });

  test("gives every event an id of its own", () => {
    expect(new Set(parsed.map(({ meta }) => meta.id)).size).toBe(parsed.length);
  });

  test("has no two ids alike among a hundred thousand", () => {
    const ids = new Set(Array.from({ length: 100_000 }, (_, index) => uuidOf("event", `bench-${index}-${index % 7}`)));
    expect(ids.size).toBe(100_000);
  });

  test("is ordered by broker time within a second", () => {
    for (const second of seconds.slice(0, 20)) {
      const times = model.eventsOf(second).map(({ timestampMs }) => timestampMs);
      expect(times).toEqual([...times].sort((one, other) => one - other));
    }
  });

  test("keeps the mix of types of the real feed within a few points", () => {
    const share = (type: string): number => parsed.filter((event) => event.type === type).length / parsed.length;
    expect(Math.abs(share("categorize") - 0.5)).toBeLessThan(0.05);
    expect(Math.abs(share("edit") - 0.44)).toBeLessThan(0.05);
    expect(share("new")).toBeGreaterThan(0.01);
    expect(share("log")).toBeGreaterThan(0.01);
  });

  test("keeps its mean rate at 35 and at 5,000 events a second", () => {
    expect(Math.abs(events.length / seconds.length / 35 - 1)).toBeLessThan(0.1);
    const fast = createEventModel(defaultModel("test", 5000));
    expect(Math.abs(fast.eventsOf(start).length / 5000 - 1)).toBeLessThan(0.1);
  });

  test("leaves length and revision away where the real feed does", () => {
    for (const event of parsed) {
      if (event.type === "edit") expect(event.length).toEqual({ old: expect.any(Number), new: expect.any(Number) });
      if (event.type === "new") expect(Object.keys(event.length)).toEqual(["new"]);
      if (event.type === "categorize" || event.type === "log") expect(event.length).toBeUndefined();
    }
  });

  test("sends canaries to both data centres, without type, id or user", () => {
    const canaries = events.filter(({ eventId }) => eventId === undefined).map(({ data }) => JSON.parse(data));
    expect(new Set(canaries.map(({ meta }) => meta.topic)).size).toBe(2);
    for (const canary of canaries)
      expect(canary).toEqual({ $schema: expect.any(String), meta: expect.objectContaining({ domain: "canary" }) });
  });

  test("writes to the other data centre after a switchover", () => {
    const switched = createEventModel({
      ...defaultModel("test", 35),
      switchoversMs: [(start + 1) * 1000],
      canarySeconds: 0,
    });
    expect(new Set(switched.eventsOf(start).map(({ topic }) => topic))).toEqual(
      new Set(["eqiad.mediawiki.recentchange"]),
    );
    expect(new Set(switched.eventsOf(start + 1).map(({ topic }) => topic))).toEqual(
      new Set(["codfw.mediawiki.recentchange"]),
    );
  });

  test("plays stories whose reverts undo the bytes of the last edit of the page", () => {
    const labels = new Map(seconds.flatMap((second) => [...model.labelsOf(second)]));
    const byRevision = new Map(
      parsed.filter(({ revision }) => revision).map((event) => [`${event.wiki} ${event.revision.new}`, event]),
    );
    const reverts = parsed.filter(({ meta }) => labels.get(meta.id) === "revert");
    expect(reverts.length).toBeGreaterThan(3);
    for (const revert of reverts) {
      const undone = byRevision.get(`${revert.wiki} ${revert.revision.old}`);
      if (undone) expect([undone.title, undone.length.new]).toEqual([revert.title, revert.length.old]);
    }
  });
});
