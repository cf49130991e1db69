import { describeError, isRetriable, WikilakeError } from "../../lib/platform/errors.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../aws/resource.ts";
import { createScope } from "./create-scope.ts";
import { creationOrder, type OrderedResource } from "./order.ts";
import { resolveValue } from "./resolve.ts";
import type { Scope } from "./scope.ts";
import type { Template } from "./template.ts";
import { templateError } from "./template-error.ts";
import { unrealisedTypes } from "./unrealised.ts";

/** One step of the walk, for a progress line. `reason` says why a resource was passed over. */
export type ResourceEvent = {
  readonly logicalId: string;
  readonly type: string;
  readonly index: number;
  readonly count: number;
  readonly outcome: "creating" | "created" | "passed-over";
  readonly reason?: string;
};

export type RealiseOptions = {
  readonly stackName: string;
  /** Template parameters over their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly onResource?: (event: ResourceEvent) => void;
  /** Stops between two resources. */
  readonly signal?: AbortSignal;
};

export type StackResource = {
  readonly resource: ResolvedResource;
  readonly realised: RealisedResource;
  /** Set when nothing runs for it here: why. */
  readonly passedOver?: string;
};
export type RealisedStack = {
  /** By logical id, in the order of creation. */
  readonly resources: ReadonlyMap<string, StackResource>;
  readonly outputs: Readonly<Record<string, unknown>>;
};

type Creator = { readonly create: ResourceProvider["create"]; readonly passedOver?: string };
type Creators = (type: string) => Creator | undefined;

/** A provider for `Custom::*` realises every custom resource type. */
const anyCustomType = "Custom::*";

function creatorsOf(providers: readonly ResourceProvider[]): Creators {
  const byType = new Map<string, Creator>();
  for (const provider of providers) {
    for (const type of provider.types) {
      if (byType.has(type)) throw templateError("TEMPLATE_INVALID", `two providers realise ${type}`);
      byType.set(type, { create: (resource) => provider.create(resource) });
    }
  }
  return (type) => {
    const creator = byType.get(type) ?? (type.startsWith("Custom::") ? byType.get(anyCustomType) : undefined);
    if (creator !== undefined) return creator;
    const unrealised = Object.hasOwn(unrealisedTypes, type) ? unrealisedTypes[type] : undefined;
    if (unrealised === undefined) return undefined;
    return { create: async (resource) => unrealised.stand(resource), passedOver: unrealised.reason };
  };
}

function unknownType(resources: readonly OrderedResource[]): WikilakeError {
  const names = resources.map(({ logicalId, resource }) => `${logicalId} (${resource.Type})`).join(", ");
  const advice = "give the type a provider, or name it with a reason in local/template/unrealised.ts";
  return templateError("TEMPLATE_UNKNOWN_TYPE", `nothing on this machine realises ${names}: ${advice}`);
}

/** Before anything is created: a start must not stop half way over what could be known at once. */
function checkTypes(ordered: readonly OrderedResource[], creators: Creators): void {
  const unknown = ordered.filter(({ resource }) => creators(resource.Type) === undefined);
  if (unknown.length > 0) throw unknownType(unknown);
}

/** The resource as its provider gets it. Errors name the resource. */
function resolveResource({ logicalId, resource }: OrderedResource, scope: Scope): ResolvedResource {
  const properties: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(resource.Properties)) {
    try {
      const resolved = resolveValue(value, scope);
      if (resolved !== undefined) properties[name] = resolved;
    } catch (error) {
      if (!(error instanceof WikilakeError)) throw error;
      const message = `${logicalId}.${name}: ${error.message}`;
      throw new WikilakeError(error.code, message, { retriable: false, cause: error });
    }
  }
  return { logicalId, type: resource.Type, properties };
}

async function createResource(resource: ResolvedResource, creator: Creator): Promise<StackResource> {
  try {
    const realised = await creator.create(resource);
    return { resource, realised, ...(creator.passedOver === undefined ? {} : { passedOver: creator.passedOver }) };
  } catch (cause) {
    const message = `${resource.logicalId} (${resource.type}) could not be created: ${describeError(cause)}`;
    throw new WikilakeError("RESOURCE_FAILED", message, { retriable: isRetriable(cause), cause });
  }
}

function resolveOutputs(scope: Scope): Readonly<Record<string, unknown>> {
  const kept = Object.entries(scope.template.Outputs).filter(
    ([, { Condition }]) => Condition === undefined || scope.conditions[Condition] === true,
  );
  return Object.fromEntries(kept.map(([name, { Value }]) => [name, resolveValue(Value, scope)]));
}

type Walk = {
  readonly scope: Scope;
  readonly creators: Creators;
  readonly options: RealiseOptions;
  readonly count: number;
};

async function step(one: OrderedResource, index: number, walk: Walk): Promise<StackResource> {
  const creator = walk.creators(one.resource.Type);
  if (creator === undefined) throw unknownType([one]);
  const about = { logicalId: one.logicalId, type: one.resource.Type, index, count: walk.count };
  const report = (event: Pick<ResourceEvent, "outcome" | "reason">): void =>
    walk.options.onResource?.({ ...about, ...event });
  const reason = creator.passedOver;
  if (reason === undefined) report({ outcome: "creating" });
  const created = await createResource(resolveResource(one, walk.scope), creator);
  walk.scope.realised.set(one.logicalId, created.realised);
  report(reason === undefined ? { outcome: "created" } : { outcome: "passed-over", reason });
  return created;
}

/**
 * Realises a template on this machine: decides parameters and conditions, then creates each resource in the order of its
 * references through the provider of its type. Throws a WikilakeError of local/template/template-error.ts before
 * anything is created where the template itself is at fault, RESOURCE_FAILED (naming the resource) where a provider is.
 */
export async function realise(
  template: Template,
  providers: readonly ResourceProvider[],
  options: RealiseOptions,
): Promise<RealisedStack> {
  const scope = createScope(template, options);
  const ordered = creationOrder(scope);
  const creators = creatorsOf(providers);
  checkTypes(ordered, creators);
  const walk = { scope, creators, options, count: ordered.length };
  const resources = new Map<string, StackResource>();
  for (const [index, one] of ordered.entries()) {
    options.signal?.throwIfAborted();
    resources.set(one.logicalId, await step(one, index, walk));
  }
  return { resources, outputs: resolveOutputs(scope) };
}
