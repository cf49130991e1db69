import { describe, test } from "@jest/globals";
import fc from "fast-check";
import { mergeBlacklistHits } from "../../../lib/lake/live-blacklist.ts";
import { mergeWindows } from "../../../lib/lake/live-statements.ts";
import { liveTables } from "../../../lib/lake/live-tables.ts";
import { inMinutes } from "../../../lib/lake/live-windows.ts";
import { databases, literalsOf, rules, shapeOf } from "./live-fixtures.ts";

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 30);
const minute = fc.integer({ min: 0, max: 40_000_000 });
const someMinutes = fc.array(minute, { minLength: 1, maxLength: 60 });

describe("for any windows", () => {
  const allowed = new Set(liveTables(rules).flatMap((table) => literalsOf(mergeWindows(databases, table, [0], nowMs))));

  test("a statement differs from another in times, dates and hours only", () => {
    fc.assert(
      fc.property(someMinutes, (minutes) => {
        for (const table of liveTables(rules)) {
          const other = literalsOf(mergeWindows(databases, table, minutes, nowMs)).filter((text) => !allowed.has(text));
          if (!other.every((text) => /^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d\.\d{3})?$/.test(text))) return false;
        }
        return true;
      }),
      { numRuns: 50 },
    );
  });

  test("exactly those windows are named", () => {
    fc.assert(
      fc.property(someMinutes, minute, (minutes, probe) => {
        const ranges = [...inMinutes("x", minutes).matchAll(/x >= TIMESTAMP '([^']+)' AND x < TIMESTAMP '([^']+)'/g)];
        const ms = (text = ""): number => Date.parse(`${text.replace(" ", "T")}Z`);
        const isIn = (one: number): boolean =>
          ranges.some(([, from, to]) => one * 60_000 >= ms(from) && one * 60_000 < ms(to));
        return minutes.every(isIn) && isIn(probe) === minutes.includes(probe);
      }),
    );
  });
});

test("whatever a term says, it is one literal: the statement around it stays the same", () => {
  const [first] = rules.terms;
  const printable = fc.string({ minLength: 1, maxLength: 60 }).filter((text) => /^[^\p{C}\u2028\u2029]+$/u.test(text));
  const sqlOf = (pattern: string): string => {
    const term = { ...first, pattern, type: "keyword", wikis: [], expires: null };
    return mergeBlacklistHits(databases, [term] as typeof rules.terms, [0], nowMs) ?? ""; // as: one field replaced
  };
  const plain = shapeOf(sqlOf("plain"));
  fc.assert(
    fc.property(
      fc.oneof(printable, fc.constantFrom("'", "''", "\\'", "'; --", "?", "/*")),
      (pattern) => shapeOf(sqlOf(pattern)) === plain,
    ),
  );
});
