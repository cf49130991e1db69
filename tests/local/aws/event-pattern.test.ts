import { expect, test } from "@jest/globals";
import { matchesPattern, type Pattern } from "../../../local/aws/event-pattern.ts";

const event = {
  source: "aws.emr-serverless",
  detail: { state: "FAILED", attempt: 3, tags: ["a", "b"], name: "cycle", nothing: null },
};

test.each<[string, Pattern, boolean]>([
  ["an exact value", { source: ["aws.s3", "aws.emr-serverless"] }, true],
  ["no value of the list", { source: ["aws.s3"] }, false],
  ["a nested field", { detail: { state: ["FAILED"] } }, true],
  ["all fields must match", { source: ["aws.emr-serverless"], detail: { state: ["SUCCESS"] } }, false],
  ["a field that is not there", { detail: { missing: ["x"] } }, false],
  ["a field below one that is not there", { other: { state: ["FAILED"] } }, false],
  ["an inherited name is not a field", { detail: { constructor: [{ exists: true }] } }, false],
  ["prefix", { source: [{ prefix: "aws." }] }, true],
  ["suffix", { source: [{ suffix: ".s3" }] }, false],
  ["exists", { detail: { state: [{ exists: true }] } }, true],
  ["does not exist", { detail: { missing: [{ exists: false }] } }, true],
  ["anything-but a value", { detail: { state: [{ "anything-but": ["SUCCESS"] }] } }, true],
  ["anything-but that value", { detail: { state: [{ "anything-but": "FAILED" }] } }, false],
  ["anything-but a prefix", { detail: { name: [{ "anything-but": { prefix: "cy" } }] } }, false],
  ["anything-but wants the field", { detail: { missing: [{ "anything-but": ["x"] }] } }, false],
  ["numeric range", { detail: { attempt: [{ numeric: [">", 1, "<=", 3] }] } }, true],
  ["outside the range", { detail: { attempt: [{ numeric: ["<", 3] }] } }, false],
  ["numeric on text", { detail: { name: [{ numeric: [">", 0] }] } }, false],
  ["one element of a list", { detail: { tags: ["b"] } }, true],
  ["null", { detail: { nothing: [null] } }, true],
  ["ignoring case", { detail: { state: [{ "equals-ignore-case": "failed" }] } }, true],
])("%s", (_name, pattern, expected) => {
  expect(matchesPattern(pattern, event)).toBe(expected);
});

test("an operator that is not known stops it instead of matching nothing", () => {
  expect(() => matchesPattern({ source: [{ wildcard: "*" }] }, event)).toThrow("wildcard");
  expect(() => matchesPattern({ source: "aws.s3" }, event)).toThrow("neither a list nor an object");
});
