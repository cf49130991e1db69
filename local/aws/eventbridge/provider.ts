import { z } from "zod";
import { arn } from "../account.ts";
import { checkPattern } from "../event-pattern.ts";
import type { ResourceProvider } from "../resource.ts";
import { type EventBus, targetAction } from "./event-bus.ts";

const targetSchema = z.looseObject({
  Id: z.string(),
  Arn: z
    .string()
    .refine((value) => targetAction(value) !== undefined, "only functions, queues and topics are targets here"),
  Input: z.string().optional(),
  InputPath: z.undefined("InputPath is not run locally").optional(),
  InputTransformer: z.undefined("InputTransformer is not run locally").optional(),
});
const ruleSchema = z.looseObject({
  Name: z.string().optional(),
  EventPattern: z.record(
    z.string(),
    z.unknown(),
    "a rule needs an EventPattern; schedules belong to EventBridge Scheduler",
  ),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  Targets: z.array(targetSchema).default([]),
});

/** Realises rules with a pattern on the default bus. */
export function createEventBridgeProvider({
  bus,
  prefix,
}: {
  readonly bus: EventBus;
  readonly prefix: string;
}): ResourceProvider {
  return {
    types: ["AWS::Events::Rule"],
    create: async ({ logicalId, properties }) => {
      const { Name, EventPattern, State, Targets } = ruleSchema.parse(properties);
      const name = Name ?? `${prefix}-${logicalId}`;
      const ruleArn = arn("events", `rule/${name}`);
      checkPattern(EventPattern);
      const targets = Targets.map(({ Id, Arn, Input }) => ({ id: Id, arn: Arn, input: Input }));
      bus.putRule({ arn: ruleArn, name, pattern: EventPattern, enabled: State === "ENABLED", targets });
      return { ref: name, attributes: { Arn: ruleArn } };
    },
  };
}
