import { referencesIn } from "./references.ts";
import type { Scope } from "./scope.ts";
import type { TemplateResource } from "./template.ts";
import { templateError } from "./template-error.ts";

export type OrderedResource = { readonly logicalId: string; readonly resource: TemplateResource };

/** Resources that the conditions leave, in the template's order. */
export function existingResources({ template, conditions }: Pick<Scope, "template" | "conditions">): OrderedResource[] {
  return Object.entries(template.Resources)
    .filter(([logicalId, { Condition }]) => isKept(logicalId, Condition, conditions))
    .map(([logicalId, resource]) => ({ logicalId, resource }));
}

function isKept(logicalId: string, condition: string | undefined, decided: Scope["conditions"]): boolean {
  if (condition === undefined) return true;
  const value = decided[condition];
  if (value === undefined)
    throw templateError("TEMPLATE_REFERENCE", `${logicalId}: condition ${condition} does not exist`);
  return value;
}

/** Names that stand for a value at once: nothing has to exist first. */
const isValueName = (name: string, { parameters, pseudo }: Scope): boolean =>
  name === "AWS::NoValue" || Object.hasOwn(pseudo, name) || Object.hasOwn(parameters, name);

function dependenciesOf({ logicalId, resource }: OrderedResource, scope: Scope): ReadonlySet<string> {
  const references = [...referencesIn(resource.Properties, scope.conditions)];
  const dependencies = [...references.filter((name) => !isValueName(name, scope)), ...resource.DependsOn];
  const unknown = dependencies.find((name) => !Object.hasOwn(scope.template.Resources, name));
  if (unknown !== undefined) {
    throw templateError("TEMPLATE_REFERENCE", `${logicalId} names ${unknown}, which is not in the template`);
  }
  return new Set(dependencies);
}

/** Says whom the missing resource was promised to. AWS refuses a Ref, cfn-lint a DependsOn to what a condition removed. */
function checkPresent(logicalId: string, dependencies: ReadonlySet<string>, present: ReadonlySet<string>): void {
  const missing = [...dependencies].find((name) => !present.has(name));
  if (missing === undefined) return;
  throw templateError("TEMPLATE_REFERENCE", `${logicalId} needs ${missing}, but a condition removed it`);
}

/**
 * The order in which resources can be created: after everything they refer to or depend on, otherwise as the template
 * lists them. Throws WikilakeError TEMPLATE_CYCLE naming the circle, TEMPLATE_REFERENCE for a removed dependency.
 */
export function creationOrder(scope: Scope): OrderedResource[] {
  const resources = new Map(existingResources(scope).map((one) => [one.logicalId, one]));
  const present = new Set(resources.keys());
  const ordered: OrderedResource[] = [];
  const done = new Set<string>();
  const visit = (one: OrderedResource, path: readonly string[]): void => {
    if (done.has(one.logicalId)) return;
    if (path.includes(one.logicalId)) {
      const circle = [...path.slice(path.indexOf(one.logicalId)), one.logicalId];
      throw templateError("TEMPLATE_CYCLE", `resources need each other: ${circle.join(" → ")}`);
    }
    const dependencies = dependenciesOf(one, scope);
    checkPresent(one.logicalId, dependencies, present);
    for (const name of dependencies) {
      const dependency = resources.get(name);
      if (dependency !== undefined) visit(dependency, [...path, one.logicalId]);
    }
    done.add(one.logicalId);
    ordered.push(one);
  };
  for (const one of resources.values()) visit(one, []);
  return ordered;
}
