import { AwsError, type AwsRequest, type AwsResponse, type AwsService } from "../service.ts";
import type { ScheduleConfig } from "./schedule-config.ts";
import type { Scheduler } from "./scheduler.ts";

const routes = [
  { method: "GET", path: "/schedules", operation: "ListSchedules" },
  { method: "GET", path: "/schedules/{Name}", operation: "GetSchedule" },
] as const;

/** What the stack's own code asks of Scheduler: which schedules there are. */
export function createSchedulerService(scheduler: Scheduler): AwsService {
  return {
    name: "scheduler",
    protocol: "rest-json",
    routes,
    permissions: (request) => {
      if (request.operation === "ListSchedules") return [{ action: "scheduler:ListSchedules", resource: "*" }];
      return [{ action: `scheduler:${request.operation}`, resource: wanted(request, scheduler).arn }];
    },
    handle: async (request) => handle(request, scheduler),
  };
}

function handle(request: AwsRequest, scheduler: Scheduler): AwsResponse {
  if (request.operation === "GetSchedule") return { body: describe(wanted(request, scheduler)) };
  if (request.operation === "ListSchedules") {
    const { ScheduleGroup: group, NamePrefix: prefix, State: state } = request.input;
    const schedules = scheduler
      .list()
      .filter((config) => group === undefined || config.group === group)
      .filter((config) => typeof prefix !== "string" || config.name.startsWith(prefix))
      .filter((config) => state === undefined || stateOf(config) === state);
    return { body: { Schedules: schedules.map(summary) } };
  }
  throw new AwsError("UnknownOperationException", `scheduler ${request.operation} has no local counterpart`, 404);
}

function wanted(request: AwsRequest, scheduler: Scheduler): ScheduleConfig {
  const group = request.input["groupName"];
  return scheduler.find(String(request.input["Name"]), typeof group === "string" ? group : "default");
}

const stateOf = (config: ScheduleConfig): string => (config.isEnabled ? "ENABLED" : "DISABLED");

const summary = (config: ScheduleConfig): Readonly<Record<string, unknown>> => ({
  Arn: config.arn,
  Name: config.name,
  GroupName: config.group,
  State: stateOf(config),
  Target: { Arn: config.targetArn },
});

const describe = (config: ScheduleConfig): Readonly<Record<string, unknown>> => ({
  ...summary(config),
  ScheduleExpression: config.expression,
  ScheduleExpressionTimezone: config.timeZone,
  FlexibleTimeWindow: { Mode: "OFF" },
  Target: { Arn: config.targetArn, RoleArn: config.roleArn, Input: config.input },
});
