import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createDecider } from "../../../../local/aws/iam/decision.ts";

const segment = fc.constantFrom("a", "b", "ab", "secret");
const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const pattern = fc
  .array(fc.oneof(segment, fc.constantFrom("*", "?", "a*", "*b")), { minLength: 1, maxLength: 3 })
  .map((parts) => `arn:aws:s3:::bucket/${parts.join("/")}`);
const statement = fc.record({
  Effect: fc.constantFrom("Allow", "Deny"),
  Action: fc.constantFrom("s3:GetObject", "s3:*", "s3:Put*", "s3:PutObject"),
  Resource: pattern,
});

test("an answer kept for a class is the answer a fresh simulation gives for each resource of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(statement, { minLength: 1, maxLength: 4 }),
      fc.array(key, { maxLength: 12 }),
      async (statements, keys) => {
        const input = {
          principal: "arn:aws:iam::000000000000:role/r",
          policies: [{ name: "p", document: { Version: "2012-10-17", Statement: statements } }],
          resourcePolicy: undefined,
        };
        const shared = createDecider(input);
        for (const name of keys) {
          const question = { action: "s3:GetObject", resource: `arn:aws:s3:::bucket/${name}`, context: {} };
          const kept = await shared.decide(question);
          expect(kept).toEqual(await createDecider(input).decide(question));
        }
      },
    ),
    { numRuns: 60 },
  );
});
