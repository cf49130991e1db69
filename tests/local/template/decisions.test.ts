import { describe, expect, test } from "@jest/globals";
import { scopeOf } from "./example.ts";

const decided = (
  conditions: Record<string, unknown>,
  given: Record<string, string> = {},
): Readonly<Record<string, boolean>> =>
  scopeOf({ Parameters: { Up: { Type: "String", Default: "true" } }, Conditions: conditions }, {}, given).conditions;

describe("conditions", () => {
  const up = { "Fn::Equals": [{ Ref: "Up" }, "true"] };

  test("combine as CloudFormation combines them, in any order of writing", () => {
    const conditions = {
      Both: { "Fn::And": [{ Condition: "Up" }, { Condition: "NotDown" }] },
      Up: up,
      NotDown: { "Fn::Not": [{ Condition: "Down" }] },
      Down: { "Fn::Not": [up] },
      Either: { "Fn::Or": [{ Condition: "Down" }, up] },
    };
    expect(decided(conditions)).toEqual({ Both: true, Up: true, NotDown: true, Down: false, Either: true });
    expect(decided(conditions, { Up: "false" })).toEqual({
      Both: false,
      Up: false,
      NotDown: false,
      Down: true,
      Either: true,
    });
  });

  test("that name each other are refused with their circle", () => {
    expect(() => decided({ A: { "Fn::Not": [{ Condition: "B" }] }, B: { "Fn::Not": [{ Condition: "A" }] } })).toThrow(
      "A → B → A",
    );
  });

  test("cannot refer to a resource", () => {
    expect(() => decided({ A: { "Fn::Equals": [{ Ref: "Bucket" }, "x"] } })).toThrow(/Bucket/);
  });

  test("that do not exist are named", () => {
    expect(() => decided({ A: { "Fn::Not": [{ Condition: "B" }] } })).toThrow(/condition B is not in the template/);
  });
});

describe("a parameter", () => {
  const parameters = {
    Partitions: { Type: "Number", Default: 12, MinValue: 3, MaxValue: 24 },
    Switch: { Type: "String", AllowedValues: ["true", "false"], Default: "true" },
    Name: { Type: "String", AllowedPattern: "[a-z]+", Default: "dev" },
  };
  const given = (values: Record<string, string>) => scopeOf({ Parameters: parameters }, {}, values).parameters;

  test("takes its default, or the value given", () => {
    expect(given({ Partitions: "6" })).toEqual({ Partitions: 6, Switch: "true", Name: "dev" });
  });

  test.each([
    [{ Partitions: "2" }, /least value is 3/],
    [{ Partitions: "25" }, /largest value is 24/],
    [{ Partitions: "many" }, /must be a number/],
    [{ Switch: "yes" }, /allowed are true, false/],
    [{ Name: "dev1" }, /does not match/],
    [{ Other: "x" }, /no parameter Other/],
  ])("refuses %j as CloudFormation would", (values, message) => {
    expect(() => given(values as Record<string, string>)).toThrow(message);
  });

  test("without default must be given", () => {
    expect(() => scopeOf({ Parameters: { Must: { Type: "String" } } })).toThrow(/Must has no value/);
  });
});
