import { expect, test } from "@jest/globals";
import { createSeenRing, keepAckedMs } from "../../../lib/core/seen-ring.ts";

test("an id is new, then on its way, then acknowledged, then forgotten after five minutes", () => {
  const ring = createSeenRing<string>();
  expect(ring.look("x", 0)).toEqual({ kind: "new" });
  ring.start("x", "first");
  expect(ring.look("x", 1)).toEqual({ kind: "pending", first: "first" });
  ring.ack("x", 10);
  expect(ring.look("x", 10 + keepAckedMs)).toEqual({ kind: "acked" });
  expect(ring.look("x", 11 + keepAckedMs)).toEqual({ kind: "new" });
});

test("an id on its way is never forgotten, however many come", () => {
  const ring = createSeenRing<number>({ maxIds: 3 });
  ring.start("kept", 1);
  for (let index = 0; index < 100; index += 1) ring.ack(`id-${index}`, index);
  expect(ring.look("kept", 1_000_000)).toEqual({ kind: "pending", first: 1 });
  expect(ring.size()).toBe(4);
  expect(ring.look("id-99", 100)).toEqual({ kind: "acked" });
  expect(ring.look("id-96", 100)).toEqual({ kind: "new" });
});

test("old acknowledgements leave as new ones come", () => {
  const ring = createSeenRing<number>();
  ring.ack("old", 0);
  ring.ack("new", keepAckedMs + 1);
  expect(ring.size()).toBe(1);
});
