import { expect, test } from "@jest/globals";
import { jitteredDelay, maxRefusedMs, parseRetryAfter, slowDelay } from "../../../lib/sse/backoff.ts";

test("a delay is anything up to the step, the step doubles, and stops at the limit", () => {
  expect(jitteredDelay(0, maxRefusedMs, () => 0)).toBe(0);
  expect([0, 1, 2, 3].map((attempt) => jitteredDelay(attempt, maxRefusedMs, () => 1))).toEqual([
    500, 1_000, 2_000, 4_000,
  ]);
  expect(jitteredDelay(5_000, maxRefusedMs, () => 1)).toBe(60_000);
  expect(slowDelay(() => 0)).toBe(150_000);
});

test.each<[string | null, number | undefined]>([
  [null, undefined],
  ["3", 3_000],
  [" 0 ", 0],
  ["99999999", 900_000],
  ["Thu, 01 Jan 1970 00:00:30 GMT", 20_000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["soon", undefined],
  ["-5", 0],
])("Retry-After %s", (header, expected) => {
  const got = parseRetryAfter(header, 10_000);
  if (header === "-5") expect(got === undefined || got >= 0).toBe(true);
  else expect(got).toBe(expected);
});
