import { z } from "zod";
import { arn } from "../account.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import { AwsError } from "../service.ts";
import type { EcsRuntime } from "./runtime.ts";
import { readTaskDefinition } from "./task-definition.ts";

const serviceProperties = z.object({
  ServiceName: z.string().optional(),
  Cluster: z.string(),
  TaskDefinition: z.string(),
  DesiredCount: z.coerce.number().int().min(0).max(1, "more than one task has no local counterpart").default(1),
  NetworkConfiguration: z.unknown().optional(),
});

/** Realises clusters, task definitions and services; a service's task starts with it. */
export function createEcsProvider(runtime: EcsRuntime): ResourceProvider {
  return {
    types: ["AWS::ECS::Cluster", "AWS::ECS::TaskDefinition", "AWS::ECS::Service"],
    create: async (resource) => {
      if (resource.type === "AWS::ECS::Cluster") return createCluster(resource);
      if (resource.type === "AWS::ECS::Service") return createService(resource, runtime);
      const definition = readTaskDefinition(resource);
      runtime.addTaskDefinition(definition);
      return { ref: definition.arn, attributes: { TaskDefinitionArn: definition.arn } };
    },
  };
}

function createCluster(resource: ResolvedResource): RealisedResource {
  const name = String(resource.properties["ClusterName"] ?? resource.logicalId);
  return { ref: name, attributes: { Arn: arn("ecs", `cluster/${name}`) } };
}

async function createService(resource: ResolvedResource, runtime: EcsRuntime): Promise<RealisedResource> {
  const parsed = serviceProperties.safeParse(resource.properties);
  if (!parsed.success) {
    throw new AwsError("InvalidParameterException", `${resource.logicalId}: ${z.prettifyError(parsed.error)}`);
  }
  const given = parsed.data;
  const name = given.ServiceName ?? resource.logicalId;
  const cluster = given.Cluster.split("/").at(-1) ?? given.Cluster;
  const serviceArn = arn("ecs", `service/${cluster}/${name}`);
  await runtime.addService({
    name,
    arn: serviceArn,
    cluster,
    taskDefinitionArn: given.TaskDefinition,
    desiredCount: given.DesiredCount,
    isInVpc: given.NetworkConfiguration !== undefined,
  });
  return { ref: serviceArn, attributes: { Name: name, ServiceArn: serviceArn } };
}
