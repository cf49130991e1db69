import { z } from "zod";
import { arn } from "../account.ts";
import type { ResolvedResource } from "../resource.ts";
import { AwsError } from "../service.ts";
import { parseScheduleExpression, type ScheduleTimes } from "./schedule-expression.ts";

const number = z.coerce.number();

const scheduleProperties = z.object({
  Name: z.string().optional(),
  GroupName: z.string().default("default"),
  Description: z.string().optional(),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default("UTC"),
  FlexibleTimeWindow: z.object({
    Mode: z.literal("OFF", { error: "a flexible window has no local counterpart" }),
  }),
  Target: z.object({
    Arn: z.string(),
    RoleArn: z.string(),
    Input: z.string().default("{}"),
    RetryPolicy: z
      .object({
        MaximumRetryAttempts: number.int().min(0).max(185).default(185),
        MaximumEventAgeInSeconds: number.int().min(60).max(86_400).default(86_400),
      })
      .default({ MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 }),
    DeadLetterConfig: z.object({ Arn: z.string() }).optional(),
  }),
});

export type ScheduleConfig = {
  readonly name: string;
  readonly group: string;
  readonly arn: string;
  readonly isEnabled: boolean;
  readonly expression: string;
  readonly timeZone: string;
  readonly times: ScheduleTimes;
  readonly targetArn: string;
  readonly roleArn: string;
  readonly input: string;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeMs: number;
  readonly deadLetterArn: string | undefined;
};

/** Reads one schedule of the template. Throws ValidationException for what Scheduler refuses or nothing here realises. */
export function readSchedule(resource: ResolvedResource): ScheduleConfig {
  const parsed = scheduleProperties.safeParse(resource.properties);
  if (!parsed.success) throw refuse(resource, z.prettifyError(parsed.error));
  const { Target: target, ...given } = parsed.data;
  const name = given.Name ?? resource.logicalId;
  if (!target.Arn.includes(":lambda:")) throw refuse(resource, `the target ${target.Arn} has no local counterpart`);
  if (!isJson(target.Input)) throw refuse(resource, "Target.Input is not well-formed JSON");
  return {
    name,
    group: given.GroupName,
    arn: arn("scheduler", `schedule/${given.GroupName}/${name}`),
    isEnabled: given.State === "ENABLED",
    expression: given.ScheduleExpression,
    timeZone: given.ScheduleExpressionTimezone,
    times: parseScheduleExpression(given.ScheduleExpression, given.ScheduleExpressionTimezone),
    targetArn: target.Arn,
    roleArn: target.RoleArn,
    input: target.Input,
    maximumRetryAttempts: target.RetryPolicy.MaximumRetryAttempts,
    maximumEventAgeMs: target.RetryPolicy.MaximumEventAgeInSeconds * 1000,
    deadLetterArn: target.DeadLetterConfig?.Arn,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const refuse = ({ logicalId }: ResolvedResource, message: string): AwsError =>
  new AwsError("ValidationException", `${logicalId}: ${message}`);
