import { arn } from "../account.ts";
import type { ResourceProvider } from "../resource.ts";
import { readSchedule } from "./schedule-config.ts";
import type { Scheduler } from "./scheduler.ts";

/** Realises schedules and their groups. */
export function createSchedulerProvider(scheduler: Scheduler): ResourceProvider {
  return {
    types: ["AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup"],
    create: async (resource) => {
      if (resource.type === "AWS::Scheduler::ScheduleGroup") {
        const name = String(resource.properties["Name"] ?? resource.logicalId);
        return { ref: name, attributes: { Arn: arn("scheduler", `schedule-group/${name}`), State: "ACTIVE" } };
      }
      const config = readSchedule(resource);
      await scheduler.put(config);
      return { ref: config.name, attributes: { Arn: config.arn } };
    },
  };
}
