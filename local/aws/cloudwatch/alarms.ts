import { z } from "zod";
import { arn } from "../account.ts";
import type { ResourceProvider } from "../resource.ts";

const alarmSchema = z.looseObject({
  AlarmName: z.string().optional(),
  ComparisonOperator: z.string(),
  EvaluationPeriods: z.coerce.number().int().positive(),
});

/** An alarm of the template. Nothing evaluates it yet: it stays INSUFFICIENT_DATA. */
export type Alarm = {
  readonly arn: string;
  readonly name: string;
  readonly state: "INSUFFICIENT_DATA" | "OK" | "ALARM";
  /** Properties as the template has them. */
  readonly definition: Readonly<Record<string, unknown>>;
};
export type Alarms = { put(alarm: Alarm): void; all(): readonly Alarm[] };

/** Makes an empty registry. */
export function createAlarms(): Alarms {
  const alarms = new Map<string, Alarm>();
  return { put: (alarm) => void alarms.set(alarm.name, alarm), all: () => [...alarms.values()] };
}

/** Records alarm definitions. */
export function createAlarmProvider({
  alarms,
  prefix,
}: {
  readonly alarms: Alarms;
  readonly prefix: string;
}): ResourceProvider {
  return {
    types: ["AWS::CloudWatch::Alarm"],
    create: async ({ logicalId, properties }) => {
      const { AlarmName } = alarmSchema.parse(properties);
      const name = AlarmName ?? `${prefix}-${logicalId}`;
      const alarmArn = arn("cloudwatch", `alarm:${name}`);
      alarms.put({ arn: alarmArn, name, state: "INSUFFICIENT_DATA", definition: properties });
      return { ref: name, attributes: { Arn: alarmArn } };
    },
  };
}
