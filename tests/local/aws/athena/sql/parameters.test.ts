import { describe, expect, test } from "@jest/globals";
import { bindParameters } from "../../../../../local/aws/athena/sql/parameters.ts";

describe("execution parameters are read as Athena reads them", () => {
  test.each([
    ["1", "(1)"],
    ["-1.5", "(-1.5)"],
    ["'it''s'", "('it''s')"],
    ["1 + 1", "(1 + 1)"],
    ["DATE '2026-01-01'", "(DATE '2026-01-01')"],
    ["INTERVAL '1' DAY", "(INTERVAL '1' DAY)"],
    ["NULL", "(NULL)"],
    ["now()", "(now())"],
    ["ARRAY[1, 2]", "(ARRAY[1, 2])"],
    ["1 OR 1=1", "(1 OR 1=1)"],
    ["abc", "'abc'"],
    ["abc def", "'abc def'"],
    ["x + 1", "'x + 1'"],
    ["it's", "'it''s'"],
    ["123e4567-e89b-12d3-a456-426614174000", "'123e4567-e89b-12d3-a456-426614174000'"],
    ["10.0.0.1", "'10.0.0.1'"],
    ["1); DROP TABLE t; --", "'1); DROP TABLE t; --'"],
    ["", "''"],
  ])("%s", (value, text) => expect(bindParameters("SELECT ? AS v", [value])).toBe(`SELECT ${text} AS v`));

  test("a question mark inside a literal is none", () => {
    expect(bindParameters("SELECT '?', ? -- ?", ["2"])).toBe("SELECT '?', (2) -- ?");
  });

  test("a wrong number of values is refused, unless the statement takes none", () => {
    expect(() => bindParameters("SELECT ?, ?", ["1"])).toThrow("expected 2 but found 1");
    expect(bindParameters("SELECT 1", ["1"])).toBe("SELECT 1");
  });
});
