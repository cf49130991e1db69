import path from "node:path";
import { expect, test } from "@jest/globals";
import { cutDays, daysOfOneRun, parseDay } from "../../../cli/backfill/chunks.ts";
import { WrongUse } from "../../../cli/errors.ts";

const spark = path.join(import.meta.dirname, "../../../spark");

test("cuts a range into consecutive chunks, the last one as long as what is left", () => {
  expect(cutDays({ from: "2026-02-26", to: "2026-03-06" }, 4)).toEqual([
    { from: "2026-02-26", to: "2026-03-01" },
    { from: "2026-03-02", to: "2026-03-05" },
    { from: "2026-03-06", to: "2026-03-06" },
  ]);
});

test("leaves a range alone that fits one run", () => {
  const range = { from: "2026-11-01", to: "2026-11-19" };
  expect(cutDays(range, 19)).toEqual([range]);
});

test("keeps every run within 96 partitions of what it reads or writes", () => {
  expect(daysOfOneRun("silver", [], spark)).toBe(4);
  expect(daysOfOneRun("silver", ["silver.reverts"], spark)).toBe(96);
  expect(daysOfOneRun("gold", [], spark)).toBe(19);
  expect(daysOfOneRun("gold", ["gold.hourly_stats"], spark)).toBe(19);
});

test("names the tables that there are when one is asked for that is not", () => {
  expect(() => daysOfOneRun("gold", ["gold.nothing"], spark)).toThrow(/gold\.nothing.*gold\.hourly_stats/s);
});

test.each(["2026-02-30", "2026-1-1", "yesterday", ""])("%p is no day", (text) => {
  expect(() => parseDay(text, "--from")).toThrow(WrongUse);
});
