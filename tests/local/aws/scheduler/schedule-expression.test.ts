import { describe, expect, test } from "@jest/globals";
import { parseScheduleExpression } from "../../../../local/aws/scheduler/schedule-expression.ts";

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);

/** The next three times after a moment. */
function nextThree(expression: string, after: string, zone?: string): (string | undefined)[] {
  const times = parseScheduleExpression(expression, zone);
  const first = times.next(Date.parse(`${after}:00Z`), 0);
  const second = first === undefined ? undefined : times.next(first, 0);
  const third = second === undefined ? undefined : times.next(second, 0);
  return [iso(first), iso(second), iso(third)];
}

describe("cron", () => {
  test.each([
    ["cron(0/10 * * * ? *)", "2026-11-21T15:47", ["2026-11-21T15:50", "2026-11-21T16:00", "2026-11-21T16:10"]],
    ["cron(35 * * * ? *)", "2026-11-21T23:40", ["2026-11-22T00:35", "2026-11-22T01:35", "2026-11-22T02:35"]],
    ["cron(15 10 ? * 6L 2019-2022)", "2020-01-01T00:00", ["2020-01-31T10:15", "2020-02-28T10:15", "2020-03-27T10:15"]],
    ["cron(0 8 1 * ? *)", "2026-01-01T08:00", ["2026-02-01T08:00", "2026-03-01T08:00", "2026-04-01T08:00"]],
    ["cron(0 18 ? * MON-FRI *)", "2026-11-20T18:00", ["2026-11-23T18:00", "2026-11-24T18:00", "2026-11-25T18:00"]],
    ["cron(0/5 8-9 ? * MON-FRI *)", "2026-11-20T09:50", ["2026-11-20T09:55", "2026-11-23T08:00", "2026-11-23T08:05"]],
    ["cron(0 0 L * ? *)", "2028-02-01T00:00", ["2028-02-29T00:00", "2028-03-31T00:00", "2028-04-30T00:00"]],
    ["cron(0 9 ? * 2#1 *)", "2026-11-01T00:00", ["2026-11-02T09:00", "2026-12-07T09:00", "2027-01-04T09:00"]],
    ["cron(0 9 15W * ? *)", "2026-08-01T00:00", ["2026-08-14T09:00", "2026-09-15T09:00", "2026-10-15T09:00"]],
    ["cron(0 9 1W 8 ? *)", "2026-01-01T00:00", ["2026-08-03T09:00", "2027-08-02T09:00", "2028-08-01T09:00"]],
    ["cron(0 12 29 FEB ? *)", "2026-01-01T00:00", ["2028-02-29T12:00", "2032-02-29T12:00", "2036-02-29T12:00"]],
    ["cron(0,30 0 1 JAN,JUL ? *)", "2026-01-01T00:00", ["2026-01-01T00:30", "2026-07-01T00:00", "2026-07-01T00:30"]],
    ["cron(0 0 1 1 ? 2020)", "2026-01-01T00:00", [undefined, undefined, undefined]],
    ["cron(0 10 ? * SUN *)", "2026-11-21T00:00", ["2026-11-22T10:00", "2026-11-29T10:00", "2026-12-06T10:00"]],
  ])("%s after %s", (expression, after, expected) => {
    expect(nextThree(expression, after)).toEqual(expected);
  });

  test("counts in the zone given, skips the hour that clocks skip and fires once in the hour they repeat", () => {
    expect(nextThree("cron(30 2 * * ? *)", "2026-03-28T00:00", "Europe/Berlin")).toEqual([
      "2026-03-28T01:30",
      "2026-03-30T00:30",
      "2026-03-31T00:30",
    ]);
    expect(nextThree("cron(30 2 * * ? *)", "2026-10-24T12:00", "Europe/Berlin")).toEqual([
      "2026-10-25T00:30",
      "2026-10-26T01:30",
      "2026-10-27T01:30",
    ]);
    expect(nextThree("cron(0 0 * * ? *)", "2026-11-21T15:00", "Pacific/Auckland")[0]).toBe("2026-11-22T11:00");
  });

  test.each([
    "cron(0 0 * * * *)",
    "cron(0 0 ? * ? *)",
    "cron(0 0 * * ?)",
    "cron(60 0 * * ? *)",
    "cron(0 0 32 * ? *)",
    "cron(0 0 ? * 8 *)",
    "cron(0/0 0 * * ? *)",
    "cron(0 5-1 * * ? *)",
    "0 0 * * ? *",
    "rate(0 minutes)",
    "rate(5 seconds)",
    "at(2026-11-21)",
    "every day",
  ])("%s is refused", (expression) => {
    expect(() => parseScheduleExpression(expression)).toThrow(expect.objectContaining({ code: "ValidationException" }));
  });

  test("an unknown zone is refused", () => {
    expect(() => parseScheduleExpression("rate(1 day)", "Mars/Olympus")).toThrow(/no time zone/);
  });
});

test("a rate counts from the schedule's creation, whatever was missed", () => {
  const times = parseScheduleExpression("rate(2 minutes)");
  expect(times.next(1000, 1000)).toBe(121_000);
  expect(times.next(121_000, 1000)).toBe(241_000);
  expect(times.next(1_000_000, 1000)).toBe(1_081_000);
});

test("at fires once", () => {
  expect(nextThree("at(2026-11-21T16:00:00)", "2026-11-21T15:00", "Europe/Berlin")).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(nextThree("at(2026-11-21T17:00:00)", "2026-11-21T15:00", "Europe/Berlin")[0]).toBe("2026-11-21T16:00");
});
