import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { columnInfo } from "../../../../local/aws/athena/column-info.ts";
import type { TypeArgument, TypeSignature } from "../../../../local/aws/athena/engine/trino-protocol.ts";
import { fromCsv, toCsv } from "../../../../local/aws/athena/result-file.ts";
import { valueText } from "../../../../local/aws/athena/value-text.ts";

const type = (rawType: string, ...inner: TypeArgument[]): TypeSignature => ({ rawType, arguments: inner });
const of = (value: TypeSignature): TypeArgument => ({ kind: "TYPE", value });
const named = (name: string | undefined, value: TypeSignature): TypeArgument => ({ kind: "NAMED_TYPE", name, value });
const int = type("integer");
const text = type("varchar");

describe("values are written as Athena writes them", () => {
  test.each<[unknown, TypeSignature, string | undefined]>([
    [null, text, undefined],
    ["", text, ""],
    [true, type("boolean"), "true"],
    ["3417404266651574396", type("bigint"), "3417404266651574396"],
    ["2026-01-01 00:00:00.123456", type("timestamp"), "2026-01-01 00:00:00.123456"],
    [1, type("double"), "1.0"],
    [0.30000000000000004, type("double"), "0.30000000000000004"],
    [1e20, type("double"), "1.0E20"],
    [12_345_678.5, type("double"), "1.23456785E7"],
    [1e-7, type("double"), "1.0E-7"],
    [0, type("double"), "0.0"],
    ["NaN", type("double"), "NaN"],
    ["AQL/", type("varbinary"), "01 02 ff"],
    [["a", null, "b, c"], type("array", of(text)), "[a, null, b, c]"],
    [[[1], [2, 3]], type("array", of(type("array", of(int)))), "[[1], [2, 3]]"],
    [{ 10: "b", 9: "a" }, type("map", of(int), of(text)), "{9=a, 10=b}"],
    [[1, "x"], type("row", named("id", int), named("name", text)), "{id=1, name=x}"],
    [[1, "x"], type("row", named(undefined, int), named(undefined, text)), "{1, x}"],
  ])("%j of %j", (value, signature, expected) => expect(valueText(value, signature)).toBe(expected));

  test("columns carry Athena's names and sizes", () => {
    expect(columnInfo({ name: "r", typeSignature: type("real") })).toMatchObject({ Type: "float", Precision: 17 });
    const decimal = type("decimal", { kind: "LONG", value: 10 }, { kind: "LONG", value: 2 });
    expect(columnInfo({ name: "d", typeSignature: decimal })).toMatchObject({
      Type: "decimal",
      Precision: 10,
      Scale: 2,
    });
    expect(columnInfo({ name: "v", typeSignature: text })).toMatchObject({
      Precision: 2_147_483_647,
      CaseSensitive: true,
    });
  });
});

test("any rows written as CSV are read back as they were", () => {
  const value = fc.option(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', '""', ",", "\n", "\r\n", "")), {
    nil: undefined,
  });
  fc.assert(
    fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 2 })), (rows) => {
      expect(fromCsv(toCsv(["a", 'b"c'], rows))).toEqual(rows);
    }),
  );
});
