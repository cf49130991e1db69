import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { realise } from "../../../local/template/realise.ts";
import { resolveValue } from "../../../local/template/resolve.ts";
import { parseTemplate } from "../../../local/template/template.ts";
import { recordingProvider, scopeOf } from "./example.ts";

const type = "AWS::SQS::Queue";
const id = (index: number): string => `R${index}`;

/** For each resource, the ones before it that it needs: never a circle. */
const graph = fc
  .integer({ min: 1, max: 15 })
  .chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.uniqueArray(fc.nat({ max: Math.max(0, index - 1) }), { maxLength: index }),
      ),
    ),
  );

const referTo = (index: number): fc.Arbitrary<unknown> =>
  fc.constantFrom({ Ref: id(index) }, { "Fn::GetAtt": [id(index), "Arn"] }, { "Fn::Sub": `x\${${id(index)}.Arn}` });

const resources = graph.chain((needs) =>
  fc
    .tuple(
      ...needs.map((needed) =>
        fc.record({
          Type: fc.constant(type),
          Properties: fc.tuple(...needed.map(referTo)).map((Needs) => ({ Needs })),
        }),
      ),
    )
    .chain((list) =>
      fc.shuffledSubarray(
        list.map((resource, index) => [id(index), resource] as const),
        { minLength: list.length },
      ),
    )
    .map((entries) => ({ needs, template: Object.fromEntries(entries) })),
);

test("every resource is created once, after all that it refers to, however the template lists them", async () => {
  await fc.assert(
    fc.asyncProperty(resources, async ({ needs, template }) => {
      const provider = recordingProvider([type]);
      await realise(parseTemplate({ Resources: template }), [provider], { stackName: "example" });
      const position = new Map(provider.created.map(({ logicalId }, index) => [logicalId, index]));
      expect(position.size).toBe(needs.length);
      expect(provider.created).toHaveLength(needs.length);
      for (const [index, needed] of needs.entries()) {
        for (const other of needed) expect(position.get(id(other))).toBeLessThan(position.get(id(index)) ?? -1);
      }
    }),
  );
});

test("a circle of any length is found and named", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (length) => {
      const template = Object.fromEntries(
        Array.from({ length }, (_, index) => [id(index), { Type: type, DependsOn: id((index + 1) % length) }]),
      );
      const stack = realise(parseTemplate({ Resources: template }), [recordingProvider([type])], {
        stackName: "example",
      });
      await expect(stack).rejects.toMatchObject({ code: "TEMPLATE_CYCLE" });
    }),
  );
});

/** Data in which no key looks like a function and no text like a dynamic reference. */
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string().filter((text) => !text.includes("{{resolve:")),
    fc.integer(),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== "Ref" && !key.startsWith("Fn::") && key !== "__proto__"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

test("what calls no function comes out as it went in", () => {
  fc.assert(fc.property(plain, (value) => expect(resolveValue(value, scopeOf({}))).toEqual(value)));
});

test("text without placeholders passes Sub unchanged, and Join undoes Split", () => {
  const scope = scopeOf({});
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/[{}$]/.test(text)),
      fc.string({ minLength: 1 }),
      (text, separator) => {
        expect(resolveValue({ "Fn::Sub": text }, scope)).toBe(text);
        const parts = { "Fn::Split": [separator, text] };
        expect(resolveValue({ "Fn::Join": [separator, parts] }, scope)).toBe(text);
      },
    ),
  );
});
