import { z } from "zod";
import { arn } from "../account.ts";
import { AwsError, type AwsRequest, type AwsResponse, type AwsService, type Permission } from "../service.ts";
import type { EcsRuntime, ServiceView } from "./runtime.ts";

const updateInput = z.object({
  service: z.string(),
  desiredCount: z.number().int().min(0).optional(),
  forceNewDeployment: z.boolean().optional(),
});
const describeInput = z.object({ services: z.array(z.string()).min(1).max(10) });
const tasksInput = z.object({ serviceName: z.string().optional() });
const stopInput = z.object({ task: z.string() });

/** ECS's API, as far as the stack restarts, stops and looks at its services. */
export function createEcsService(runtime: EcsRuntime): AwsService {
  return {
    name: "ecs",
    protocol: "json-1.1",
    permissions: (request) => permissionsOf(request, runtime),
    handle: (request) => handle(request, runtime),
  };
}

function permissionsOf(request: AwsRequest, runtime: EcsRuntime): readonly Permission[] {
  const action = `ecs:${request.operation}`;
  const serviceArn = (name: string): string => runtime.service(name).config.arn;
  if (request.operation === "UpdateService")
    return [{ action, resource: serviceArn(read(updateInput, request).service) }];
  if (request.operation === "DescribeServices") {
    return read(describeInput, request).services.map((name) => ({
      action,
      resource: known(runtime, name)?.config.arn ?? arn("ecs", `service/${clusterIn(request)}/${name}`),
    }));
  }
  if (request.operation === "StopTask") return [{ action, resource: taskArn(read(stopInput, request).task, request) }];
  return [{ action, resource: "*" }];
}

async function handle(request: AwsRequest, runtime: EcsRuntime): Promise<AwsResponse> {
  switch (request.operation) {
    case "UpdateService": {
      const { service, desiredCount, forceNewDeployment } = read(updateInput, request);
      runtime.service(service);
      // AWS answers before the deployment is done.
      void runtime.update(service, {
        ...(desiredCount === undefined ? {} : { desiredCount }),
        ...(forceNewDeployment === undefined ? {} : { forceNewDeployment }),
      });
      return { body: { service: describe(runtime.service(service)) } };
    }
    case "DescribeServices": {
      const { services } = read(describeInput, request);
      const found = services.flatMap((name) => known(runtime, name) ?? []);
      const missing = services.filter((name) => known(runtime, name) === undefined);
      const failures = missing.map((name) => ({
        arn: arn("ecs", `service/${clusterIn(request)}/${name}`),
        reason: "MISSING",
      }));
      return { body: { services: found.map(describe), failures } };
    }
    case "ListTasks": {
      const { serviceName } = read(tasksInput, request);
      const views = serviceName === undefined ? runtime.services() : [runtime.service(serviceName)];
      return { body: { taskArns: views.flatMap(({ task }) => (task === undefined ? [] : [task.arn])) } };
    }
    case "StopTask": {
      const { task } = read(stopInput, request);
      const isRunning = runtime.services().some((view) => view.task?.arn === taskArn(task, request));
      if (!isRunning) throw new AwsError("InvalidParameterException", "The referenced task was not found.");
      void runtime.stopTask(task);
      return { body: { task: { taskArn: taskArn(task, request), desiredStatus: "STOPPED" } } };
    }
    default:
      throw new AwsError("UnknownOperationException", `ecs ${request.operation} has no local counterpart`);
  }
}

function describe(view: ServiceView): Readonly<Record<string, unknown>> {
  const running = view.task === undefined ? 0 : 1;
  const counts = {
    desiredCount: view.desiredCount,
    runningCount: running,
    pendingCount: view.state === "waiting" ? 1 : 0,
  };
  const deployedAt = view.deployedMs / 1000;
  return {
    serviceName: view.config.name,
    serviceArn: view.config.arn,
    clusterArn: arn("ecs", `cluster/${view.config.cluster}`),
    status: "ACTIVE",
    launchType: "FARGATE",
    taskDefinition: view.config.taskDefinitionArn,
    ...counts,
    deployments: [
      {
        id: `ecs-svc/${Math.floor(view.deployedMs)}`,
        status: "PRIMARY",
        rolloutState: running === view.desiredCount ? "COMPLETED" : "IN_PROGRESS",
        taskDefinition: view.config.taskDefinitionArn,
        createdAt: deployedAt,
        updatedAt: deployedAt,
        ...counts,
      },
    ],
    events: [],
  };
}

function known(runtime: EcsRuntime, name: string): ServiceView | undefined {
  return runtime.services().find(({ config }) => config.arn === name || config.name === name.split("/").at(-1));
}

const clusterIn = (request: AwsRequest): string =>
  String(request.input["cluster"] ?? "default")
    .split("/")
    .at(-1) ?? "";

const taskArn = (task: string, request: AwsRequest): string =>
  task.startsWith("arn:") ? task : arn("ecs", `task/${clusterIn(request)}/${task}`);

function read<Output>(schema: z.ZodType<Output>, request: AwsRequest): Output {
  const parsed = schema.safeParse(request.input);
  if (parsed.success) return parsed.data;
  throw new AwsError("InvalidParameterException", z.prettifyError(parsed.error));
}
