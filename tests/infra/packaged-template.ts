import { resolve } from "node:path";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../../local/aws/resource.ts";
import { type RealisedStack, realise } from "../../local/template/realise.ts";
import { loadTemplate, type Template } from "../../local/template/template.ts";
import { unrealisedTypes } from "../../local/template/unrealised.ts";
import { type PackagedStage, packageStage } from "../../scripts/package.ts";

const root = resolve(import.meta.dirname, "../..");
const packaged = new Map<string, Promise<PackagedStage>>();

/** Packages a stage once a test process; a later run with the same inputs finds it there. */
export function packagedStage(stage: string): Promise<PackagedStage> {
  // A folder a worker: two test processes never replace each other's.
  const worker = process.env["JEST_WORKER_ID"] ?? "0";
  const known = packaged.get(stage) ?? packageStage({ stage, outDir: resolve(root, "dist", `test-${worker}`, stage) });
  packaged.set(stage, known);
  return known;
}

export async function packagedTemplate(stage: string): Promise<Template> {
  return loadTemplate((await packagedStage(stage)).templateFile);
}

/** Every type gets an ARN that tells which resource it is. */
const standIn = ({ logicalId, properties }: ResolvedResource): RealisedResource => ({
  ref: `ref:${logicalId}`,
  attributes: { Arn: `arn:aws:stand-in:::${logicalId}`, Name: properties["Name"] },
});

function providerOf(template: Template): ResourceProvider {
  const types = Object.values(template.Resources).map(({ Type }) => Type);
  const own = [...new Set(types)].filter((type) => !Object.hasOwn(unrealisedTypes, type));
  return { types: own, create: async (resource) => standIn(resource) };
}

/** The stack that a stage's template describes under given parameters, with every value resolved. */
export async function stackOf(
  stage: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<RealisedStack> {
  const template = await packagedTemplate(stage);
  return realise(template, [providerOf(template)], { stackName: `wikilake-${stage}`, parameters });
}

export function resourcesOf(stack: RealisedStack, type: string): ResolvedResource[] {
  return [...stack.resources.values()].map(({ resource }) => resource).filter((resource) => resource.type === type);
}

/** Properties of a resource. Throws when the stack has none of that name. */
export function propertiesOf(stack: RealisedStack, logicalId: string): Readonly<Record<string, unknown>> {
  const found = stack.resources.get(logicalId);
  if (found === undefined) throw new Error(`${logicalId} is not in the stack`);
  return found.resource.properties;
}

/** What lies at a path like `TableInput.Columns.0.Name`; undefined where nothing does. */
export function at(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((found, key) => {
    if (Array.isArray(found)) return found[Number(key)];
    return typeof found === "object" && found !== null ? Object.getOwnPropertyDescriptor(found, key)?.value : undefined;
  }, value);
}

export const listOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
};

export const textsOf = (value: unknown): readonly string[] => listOf(value).map(String);
