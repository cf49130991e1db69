import { describe, expect, test } from "@jest/globals";
import { resolveValue } from "../../../local/template/resolve.ts";
import { scopeOf } from "./example.ts";

const bucket = {
  ref: "my-bucket",
  attributes: { Arn: "arn:aws:s3:::my-bucket", Nested: { Revision: 3 }, "Flat.Key": "f" },
};
const scope = scopeOf(
  {
    Parameters: { Size: { Type: "Number", Default: 12 }, Names: { Type: "CommaDelimitedList", Default: "a, b" } },
    Conditions: { Yes: { "Fn::Equals": ["x", "x"] }, No: { "Fn::Equals": ["x", "y"] } },
    Mappings: { Regions: { "eu-west-1": { Code: "ew1" } } },
    Resources: { Gone: { Type: "AWS::S3::Bucket", Condition: "No" } },
  },
  { Bucket: bucket },
);
const resolve = (value: unknown): unknown => resolveValue(value, scope);

describe("an intrinsic function", () => {
  test.each([
    ["Ref to a resource", { Ref: "Bucket" }, "my-bucket"],
    ["Ref to a number parameter", { Ref: "Size" }, 12],
    ["Ref to a list parameter", { Ref: "Names" }, ["a", "b"]],
    ["Ref to a pseudo parameter", { Ref: "AWS::AccountId" }, "000000000000"],
    ["GetAtt as a list", { "Fn::GetAtt": ["Bucket", "Arn"] }, "arn:aws:s3:::my-bucket"],
    ["GetAtt with dots", { "Fn::GetAtt": "Bucket.Nested.Revision" }, 3],
    ["GetAtt of an attribute whose name has a dot", { "Fn::GetAtt": ["Bucket", "Flat.Key"] }, "f"],
    [
      "Sub",
      { "Fn::Sub": `\${Bucket}/\${Bucket.Arn}/\${AWS::Region}/\${Size}` },
      "my-bucket/arn:aws:s3:::my-bucket/eu-west-1/12",
    ],
    ["Sub with a literal", { "Fn::Sub": `batch=\${!batch}` }, `batch=\${batch}`],
    ["Sub with variables", { "Fn::Sub": [`\${A}-\${Bucket}`, { A: { Ref: "Size" } }] }, "12-my-bucket"],
    ["Join", { "Fn::Join": ["-", ["a", { Ref: "Bucket" }, 1]] }, "a-my-bucket-1"],
    [
      "Select of Split",
      { "Fn::Select": [1, { "Fn::Split": [":::", { "Fn::GetAtt": ["Bucket", "Arn"] }] }] },
      "my-bucket",
    ],
    ["Select with a text index", { "Fn::Select": ["0", ["x"]] }, "x"],
    ["Base64", { "Fn::Base64": "a=1\n" }, "YT0xCg=="],
    ["FindInMap", { "Fn::FindInMap": ["Regions", { Ref: "AWS::Region" }, "Code"] }, "ew1"],
    ["GetAZs", { "Fn::GetAZs": "" }, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]],
    ["If true", { "Fn::If": ["Yes", "a", { Ref: "Nowhere" }] }, "a"],
    ["If false", { "Fn::If": ["No", { Ref: "Gone" }, "b"] }, "b"],
    ["Length", { "Fn::Length": { Ref: "Names" } }, 2],
    ["ToJsonString", { "Fn::ToJsonString": { a: { Ref: "Size" } } }, '{"a":12}'],
  ])("%s gives what CloudFormation gives", (_name, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  test("is answered at any depth of a property", () => {
    expect(resolve({ a: [{ b: { Ref: "Bucket" } }], c: true })).toEqual({ a: [{ b: "my-bucket" }], c: true });
  });
});

test("AWS::NoValue removes a property and an element of a list", () => {
  const none = { Ref: "AWS::NoValue" };
  expect(resolve({ kept: 1, gone: { "Fn::If": ["No", 1, none] }, list: [1, none, 2] })).toEqual({
    kept: 1,
    list: [1, 2],
  });
});

describe("what this machine cannot answer is refused with its reason", () => {
  test.each([
    ["a value of another stack", { "Fn::ImportValue": "x" }, /other stacks/],
    ["a dynamic reference", "{{resolve:ssm:/name}}", /asks AWS/],
    ["a dynamic reference made by Sub", { "Fn::Sub": `{{resolve:ssm:/\${AWS::StackName}}}` }, /asks AWS/],
    ["an unknown function", { "Fn::Magic": [] }, /Fn::Magic/],
    ["a resource that does not exist", { Ref: "Nowhere" }, /Nowhere/],
    ["a resource that a condition removed", { Ref: "Gone" }, /Gone.*condition No/],
    ["an attribute that a resource has not", { "Fn::GetAtt": ["Bucket", "Color"] }, /Bucket has no attribute Color/],
    ["an index out of range", { "Fn::Select": [2, ["a"]] }, /no element 2/],
    ["an unknown condition", { "Fn::If": ["Maybe", 1, 2] }, /Maybe/],
    ["a list inside a text", { "Fn::Sub": `\${Names}` }, /takes text, not a list/],
  ])("%s", (_name, value, message) => {
    expect(() => resolve(value)).toThrow(message);
  });
});
