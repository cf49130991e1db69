import { beforeAll, describe, expect, test } from "@jest/globals";
import type { ResolvedResource } from "../../local/aws/resource.ts";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, propertiesOf, resourcesOf, stackOf, textsOf } from "./packaged-template.ts";

let stack: RealisedStack;
let schedules: ResolvedResource[];
beforeAll(async () => {
  stack = await stackOf("dev");
  schedules = resourcesOf(stack, "AWS::Scheduler::Schedule");
}, 60_000);

test("silver and gold run every ten minutes, the ops inbox is loaded and the live tables are refreshed each minute", () => {
  const all = schedules.map(({ properties }) => [properties["ScheduleExpression"], at(properties, "Target.Arn")]);
  expect(all).toEqual([
    ["cron(0/10 * * * ? *)", "arn:aws:stand-in:::StartJobLambdaFunction"],
    ["cron(0/1 * * * ? *)", "arn:aws:stand-in:::OpsWriterLambdaFunction"],
    ["cron(0/1 * * * ? *)", "arn:aws:stand-in:::LiveMetricsLambdaFunction"],
  ]);
});

describe("a schedule", () => {
  test("keeps to the minute, in UTC, and tells its call when it was meant", () => {
    for (const { properties } of schedules) {
      expect(properties).toMatchObject({ ScheduleExpressionTimezone: "UTC", FlexibleTimeWindow: { Mode: "OFF" } });
      const input = JSON.parse(String(at(properties, "Target.Input")));
      expect(input.scheduledTime).toBe("<aws.scheduler.scheduled-time>");
    }
  });

  test("works with a role that Scheduler can assume and that may call its target and the queue", () => {
    const role = propertiesOf(stack, "SchedulerRole");
    const statements = listOf(at(role, "Policies.0.PolicyDocument.Statement"));
    const resourcesFor = (action: string): readonly string[] =>
      statements
        .filter((one) => textsOf(at(one, "Action")).includes(action))
        .flatMap((one) => textsOf(at(one, "Resource")));
    for (const { properties } of schedules) {
      expect(at(properties, "Target.RoleArn")).toBe("arn:aws:stand-in:::SchedulerRole");
      expect(resourcesFor("lambda:InvokeFunction")).toContain(at(properties, "Target.Arn"));
      expect(resourcesFor("sqs:SendMessage")).toContain(at(properties, "Target.DeadLetterConfig.Arn"));
    }
  });

  test("does not repeat itself for long: the next tick does the same work", () => {
    for (const { properties } of schedules) {
      expect(Number(at(properties, "Target.RetryPolicy.MaximumRetryAttempts"))).toBeLessThanOrEqual(2);
      expect(Number(at(properties, "Target.RetryPolicy.MaximumEventAgeInSeconds"))).toBeLessThanOrEqual(600);
    }
  });
});
