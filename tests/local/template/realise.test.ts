import { describe, expect, test } from "@jest/globals";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import { type ResourceEvent, realise } from "../../../local/template/realise.ts";
import { parseTemplate } from "../../../local/template/template.ts";
import { recordingProvider } from "./example.ts";

const queue = "AWS::SQS::Queue";
const start = (resources: Record<string, unknown>, more: Record<string, unknown> = {}) => {
  const provider = recordingProvider([queue, "Custom::*"]);
  const events: ResourceEvent[] = [];
  const stack = realise(parseTemplate({ Resources: resources, ...more }), [provider], {
    stackName: "example",
    onResource: (event) => events.push(event),
  });
  return { stack, provider, events };
};

describe("realising a template", () => {
  test("creates after what is referred to and hands earlier results on", async () => {
    const { stack, provider } = start({
      Second: { Type: queue, Properties: { Target: { "Fn::GetAtt": ["First", "Arn"] } } },
      First: { Type: queue, DependsOn: "Zeroth" },
      Zeroth: { Type: queue },
    });
    await stack;
    expect(provider.created.map(({ logicalId }) => logicalId)).toEqual(["Zeroth", "First", "Second"]);
    expect(provider.created[2]?.properties).toEqual({ Target: "arn-First" });
  });

  test("leaves out what a condition removes, its outputs too", async () => {
    const { stack } = start(
      { Kept: { Type: queue }, Gone: { Type: queue, Condition: "Never" } },
      {
        Conditions: { Never: { "Fn::Equals": ["a", "b"] } },
        Outputs: { Kept: { Value: { Ref: "Kept" } }, Gone: { Condition: "Never", Value: { Ref: "Gone" } } },
      },
    );
    const { resources, outputs } = await stack;
    expect([...resources.keys()]).toEqual(["Kept"]);
    expect(outputs).toEqual({ Kept: "ref-Kept" });
  });

  test("passes over a listed type, saying why, and gives it a plausible identity", async () => {
    const { stack, events } = start({
      Group: { Type: "AWS::EC2::SecurityGroup" },
      User: { Type: queue, Properties: { Group: { "Fn::GetAtt": ["Group", "GroupId"] } } },
    });
    const { resources } = await stack;
    expect(resources.get("User")?.resource.properties["Group"]).toMatch(/^sg-0[0-9a-f]{16}$/);
    expect(events.map(({ logicalId, outcome }) => `${logicalId} ${outcome}`)).toEqual([
      "Group passed-over",
      "User creating",
      "User created",
    ]);
    expect(events[0]?.reason).toMatch(/loopback/);
  });

  test("realises any custom resource through the provider of Custom::*", async () => {
    const { stack, provider } = start({ Tables: { Type: "Custom::Tables", Properties: { Version: "1" } } });
    await stack;
    expect(provider.created[0]?.type).toBe("Custom::Tables");
  });

  test("prefers a provider to the list of types without counterpart", async () => {
    const provider = recordingProvider(["AWS::Logs::LogGroup"]);
    await realise(parseTemplate({ Resources: { Group: { Type: "AWS::Logs::LogGroup" } } }), [provider], {
      stackName: "example",
    });
    expect(provider.created).toHaveLength(1);
  });
});

describe("a fault is found before anything is created", () => {
  test.each([
    [
      "an unknown type",
      { A: { Type: queue }, B: { Type: "AWS::Foo::Bar" } },
      "TEMPLATE_UNKNOWN_TYPE",
      /B \(AWS::Foo::Bar\)/,
    ],
    [
      "a circle",
      { A: { Type: queue, DependsOn: "B" }, B: { Type: queue, Properties: { X: { Ref: "A" } } } },
      "TEMPLATE_CYCLE",
      /A → B → A/,
    ],
    [
      "a name that is not there",
      { A: { Type: queue, Properties: { X: { "Fn::Sub": `\${B.Arn}` } } } },
      "TEMPLATE_REFERENCE",
      /A names B/,
    ],
    ["a missing dependency", { A: { Type: queue, DependsOn: ["B"] } }, "TEMPLATE_REFERENCE", /A names B/],
    ["a condition that does not exist", { A: { Type: queue, Condition: "C" } }, "TEMPLATE_REFERENCE", /condition C/],
  ])("%s", async (_name, resources, code, message) => {
    const { stack, provider } = start(resources);
    const error = await stack.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(WikilakeError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(provider.created).toEqual([]);
  });

  test("a dependency on what a condition removed", async () => {
    const { stack } = start(
      { A: { Type: queue, DependsOn: ["B"] }, B: { Type: queue, Condition: "Never" } },
      { Conditions: { Never: { "Fn::Equals": ["a", "b"] } } },
    );
    await expect(stack).rejects.toThrow("A needs B, but a condition removed it");
  });

  test("two providers for one type", async () => {
    const providers = [recordingProvider([queue]), recordingProvider([queue])];
    const stack = realise(parseTemplate({ Resources: {} }), providers, { stackName: "example" });
    await expect(stack).rejects.toThrow("two providers");
  });
});

test("a provider that fails is named with its resource, its cause kept", async () => {
  const provider = { types: [queue], create: () => Promise.reject(new Error("port taken")) };
  const stack = realise(parseTemplate({ Resources: { A: { Type: queue } } }), [provider], { stackName: "example" });
  await expect(stack).rejects.toMatchObject({
    code: "RESOURCE_FAILED",
    message: `A (${queue}) could not be created: port taken`,
  });
});

test("a stop between two resources ends the walk", async () => {
  const stop = new AbortController();
  const provider = recordingProvider([queue]);
  const stack = realise(parseTemplate({ Resources: { A: { Type: queue }, B: { Type: queue } } }), [provider], {
    stackName: "example",
    signal: stop.signal,
    onResource: () => stop.abort(),
  });
  await expect(stack).rejects.toThrow(/abort/i);
  expect(provider.created).toHaveLength(1);
});

test("what is not a template is refused", () => {
  expect(() => parseTemplate({ Resources: { A: {} } })).toThrow(/not a template/);
  expect(() => parseTemplate({ Resources: {}, Transform: "AWS::Serverless-2016-10-31" })).toThrow(/Transform/);
});
