import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { type CursorEntry, createCursor } from "../../../lib/core/cursor.ts";

const topics = ["a", "b"] as const;
type Step =
  | { readonly kind: "arrive"; readonly topic: "a" | "b" | "both"; readonly by: number }
  | { readonly kind: "repeat"; readonly of: number; readonly by: number }
  | { readonly kind: "settle"; readonly of: number }
  | { readonly kind: "reconnect" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("arrive" as const),
      topic: fc.constantFrom("a" as const, "b" as const, "both" as const),
      by: fc.nat(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("repeat" as const), of: fc.nat(60), by: fc.nat(3) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("settle" as const), of: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reconnect" as const) }) },
);

type Seen = {
  readonly entry: CursorEntry;
  readonly at: ReadonlyMap<string, number>;
  readonly original: Seen | undefined;
};

/** The rule of the cursor, said the slow way: the newest position among all entries before the first one not done. */
function expectedMark(seen: readonly Seen[], settled: ReadonlySet<Seen>, topic: string): number {
  let mark = 0;
  for (const one of seen) {
    const position = one.at.get(topic);
    if (position === undefined) continue;
    if (!settled.has(one.original ?? one)) return mark;
    mark = Math.max(mark, position);
  }
  return mark;
}

test("no order of acknowledgements moves a mark past an entry that is not done, and none holds it back", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const cursor = createCursor(new Map(topics.map((topic) => [topic, 0])));
      const clock = { a: 0, b: 0 };
      const seen: Seen[] = [];
      const settled = new Set<Seen>();
      for (const one of steps) {
        if (one.kind === "reconnect") {
          for (const topic of topics) clock[topic] = Math.max(0, (cursor.marks().get(topic) ?? 0) - 5);
        } else if (one.kind === "settle") {
          const target = seen[one.of % Math.max(1, seen.length)];
          if (target === undefined || target.original !== undefined) continue;
          settled.add(target);
          cursor.settle(target.entry);
        } else {
          const touched =
            one.kind === "arrive" && one.topic === "both"
              ? topics
              : [one.kind === "arrive" && one.topic === "b" ? ("b" as const) : ("a" as const)];
          for (const topic of touched) clock[topic] += one.by;
          const at = new Map(touched.map((topic) => [topic, clock[topic]]));
          const chosen = one.kind === "repeat" ? seen[one.of % Math.max(1, seen.length)] : undefined;
          const original = chosen?.original ?? chosen;
          const entry = original === undefined ? cursor.arrive(at) : cursor.repeat(original.entry, at);
          seen.push({ entry, at, original });
        }
        for (const topic of topics) expect(cursor.marks().get(topic)).toBe(expectedMark(seen, settled, topic));
      }
    }),
    { numRuns: 300 },
  );
});

test("a mark never goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(10)), { maxLength: 80 }), (events) => {
      const cursor = createCursor(new Map([["a", 7]]));
      const open: CursorEntry[] = [];
      let last = 7;
      for (const [position, pick] of events) {
        open.push(cursor.arrive(new Map([["a", position]])));
        const [done] = open.splice(pick % open.length, 1);
        if (done !== undefined) cursor.settle(done);
        const mark = cursor.marks().get("a") ?? 0;
        expect(mark).toBeGreaterThanOrEqual(last);
        last = mark;
      }
    }),
  );
});
