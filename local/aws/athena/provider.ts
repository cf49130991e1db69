import { createHash } from "node:crypto";
import { z } from "zod";
import { arn } from "../account.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import { primaryWorkGroup, type WorkGroups } from "./work-groups.ts";

export type AthenaProviderDeps = { readonly workGroups: WorkGroups; readonly now: () => number };

const groupProperties = z.object({
  Name: z.string(),
  Description: z.string().optional(),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  WorkGroupConfiguration: z
    .object({
      EnforceWorkGroupConfiguration: z.coerce.boolean().default(true),
      BytesScannedCutoffPerQuery: z.coerce.number().optional(),
      ResultConfiguration: z.object({ OutputLocation: z.string().optional() }).default({}),
    })
    .default({ EnforceWorkGroupConfiguration: true, ResultConfiguration: {} }),
});

const namedProperties = z.object({
  Name: z.string().optional(),
  Description: z.string().optional(),
  Database: z.string(),
  QueryString: z.string(),
  WorkGroup: z.string().default(primaryWorkGroup),
});

/** Realises AWS::Athena::WorkGroup and AWS::Athena::NamedQuery. */
export function createAthenaProvider(deps: AthenaProviderDeps): ResourceProvider {
  return {
    types: ["AWS::Athena::WorkGroup", "AWS::Athena::NamedQuery"],
    create: async (resource) =>
      resource.type === "AWS::Athena::WorkGroup" ? workGroup(deps, resource) : namedQuery(deps, resource),
  };
}

function workGroup({ workGroups, now }: AthenaProviderDeps, { properties }: ResolvedResource): RealisedResource {
  const { Name: name, Description, State, WorkGroupConfiguration: configuration } = groupProperties.parse(properties);
  const createdAt = now();
  workGroups.put({
    name,
    description: Description,
    enabled: State === "ENABLED",
    enforced: configuration.EnforceWorkGroupConfiguration,
    outputLocation: configuration.ResultConfiguration.OutputLocation,
    bytesScannedCutoff: configuration.BytesScannedCutoffPerQuery,
    createdAt,
  });
  return { ref: name, attributes: { Arn: arn("athena", `workgroup/${name}`), CreationTime: String(createdAt / 1000) } };
}

function namedQuery({ workGroups }: AthenaProviderDeps, { logicalId, properties }: ResolvedResource): RealisedResource {
  const query = namedProperties.parse(properties);
  const id = uuidOf(logicalId);
  workGroups.putNamed({
    id,
    name: query.Name ?? logicalId,
    description: query.Description,
    database: query.Database,
    sql: query.QueryString,
    workGroup: query.WorkGroup,
  });
  return { ref: id, attributes: { NamedQueryId: id } };
}

/** The same id at every start, in the shape of a UUID. */
function uuidOf(logicalId: string): string {
  const hex = createHash("sha256").update(logicalId).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
