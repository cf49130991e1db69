import { z } from "zod";
import { arn } from "../account.ts";
import type { ResolvedResource } from "../resource.ts";
import { AwsError } from "../service.ts";

const number = z.coerce.number();

const containerSchema = z.object({
  Name: z.string(),
  Image: z.string(),
  Environment: z.array(z.object({ Name: z.string(), Value: z.coerce.string() })).default([]),
  StopTimeout: number.int().min(2).max(120).default(30),
  Secrets: z.never({ error: "secrets of a container have no local counterpart" }).optional(),
  Command: z.never({ error: "a command of a container has no local counterpart" }).optional(),
  EntryPoint: z.never({ error: "an entry point of a container has no local counterpart" }).optional(),
  LogConfiguration: z.object({ Options: z.record(z.string(), z.string()).default({}) }).optional(),
});

const taskProperties = z.object({
  Family: z.string().optional(),
  Memory: number.int().min(512),
  Cpu: number.int(),
  TaskRoleArn: z.string().optional(),
  ExecutionRoleArn: z.string().optional(),
  ContainerDefinitions: z.array(containerSchema).length(1, "exactly one container has a local counterpart"),
});

export type TaskDefinition = {
  readonly arn: string;
  readonly family: string;
  readonly memoryMb: number;
  readonly taskRoleArn: string;
  readonly executionRoleArn: string | undefined;
  readonly containerName: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stopTimeoutMs: number;
  readonly logGroup: string;
  readonly logPrefix: string;
};

/** Reads a task definition of one container. Throws ClientException for what has no local counterpart. */
export function readTaskDefinition(resource: ResolvedResource): TaskDefinition {
  const parsed = taskProperties.safeParse(resource.properties);
  const [container] = parsed.data?.ContainerDefinitions ?? [];
  if (!parsed.success || container === undefined) {
    const why = parsed.error === undefined ? "no container" : z.prettifyError(parsed.error);
    throw new AwsError("ClientException", `${resource.logicalId}: ${why}`);
  }
  const given = parsed.data;
  if (given.TaskRoleArn === undefined)
    throw new AwsError("ClientException", `${resource.logicalId}: TaskRoleArn is missing`);
  const family = given.Family ?? resource.logicalId;
  const options = container.LogConfiguration?.Options ?? {};
  return {
    arn: arn("ecs", `task-definition/${family}:1`),
    family,
    memoryMb: given.Memory,
    taskRoleArn: given.TaskRoleArn,
    executionRoleArn: given.ExecutionRoleArn,
    containerName: container.Name,
    image: container.Image,
    environment: Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value])),
    stopTimeoutMs: container.StopTimeout * 1000,
    logGroup: options["awslogs-group"] ?? `/ecs/${family}`,
    logPrefix: options["awslogs-stream-prefix"] ?? container.Name,
  };
}
