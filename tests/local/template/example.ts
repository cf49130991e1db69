import type { RealisedResource, ResolvedResource, ResourceProvider } from "../../../local/aws/resource.ts";
import { createScope } from "../../../local/template/create-scope.ts";
import type { Scope } from "../../../local/template/scope.ts";
import { parseTemplate } from "../../../local/template/template.ts";

/** A scope over a template given as data, with some resources already realised. */
export function scopeOf(
  template: Readonly<Record<string, unknown>>,
  realised: Readonly<Record<string, RealisedResource>> = {},
  parameters: Readonly<Record<string, string>> = {},
): Scope {
  const scope = createScope(parseTemplate({ Resources: {}, ...template }), { stackName: "example", parameters });
  for (const [logicalId, resource] of Object.entries(realised)) scope.realised.set(logicalId, resource);
  return scope;
}

/** A provider that creates anything and remembers in which order it was asked. */
export function recordingProvider(
  types: readonly string[],
): ResourceProvider & { readonly created: ResolvedResource[] } {
  const created: ResolvedResource[] = [];
  return {
    types,
    created,
    create: async (resource) => {
      created.push(resource);
      return { ref: `ref-${resource.logicalId}`, attributes: { Arn: `arn-${resource.logicalId}` } };
    },
  };
}
