import { expect, test } from "@jest/globals";
import { createSeenRing, keepAckedMs } from "../../../lib/core/seen-ring.ts";

test("an id is new, then on its way, then acknowledged, then forgotten after five minutes", () => {
  const ring = createSeenRing<string>();
  expect(ring.look("x", 0)).toBeUndefined();
  const seen = ring.start("x", "first", 0);
  expect(ring.look("x", 1)).toEqual({ first: "first", ackedAtMs: undefined });
  expect(ring.look("x", 10 * keepAckedMs)).toBe(seen);
  seen.ackedAtMs = 10;
  expect(ring.look("x", 10 + keepAckedMs)).toBe(seen);
  expect(ring.look("x", 11 + keepAckedMs)).toBeUndefined();
});

test("an id on its way is never forgotten, however many come", () => {
  const ring = createSeenRing<number>({ maxIds: 3 });
  const kept = ring.start("kept", 1, 0);
  for (let index = 0; index < 5_000; index += 1) ring.start(`id-${index}`, index, index).ackedAtMs = index;
  expect(ring.look("kept", 1_000_000)).toBe(kept);
});

test("beyond the limit the oldest acknowledged ids go first", () => {
  const ring = createSeenRing<number>({ maxIds: 300 });
  for (let index = 0; index < 2_000; index += 1) ring.start(`id-${index}`, index, 0).ackedAtMs = 0;
  expect(ring.size()).toBeLessThan(600);
  expect(ring.look("id-1999", 1)).toBeDefined();
  expect(ring.look("id-0", 1)).toBeUndefined();
});

test("old acknowledgements leave as new ones come", () => {
  const ring = createSeenRing<number>();
  for (let index = 0; index < 1_000; index += 1) ring.start(`old-${index}`, index, 0).ackedAtMs = 0;
  for (let index = 0; index < 1_000; index += 1) ring.start(`new-${index}`, index, keepAckedMs + 1);
  expect(ring.size()).toBeLessThan(1_300);
});
