import { randomUUID } from "node:crypto";
import type { Logger } from "../../../lib/platform/logger.ts";
import { localAccount } from "../account.ts";
import { matchesPattern, type Pattern } from "../event-pattern.ts";
import type { IamAuthorizer } from "../iam/authorizer.ts";

/** An event as rules see it and targets get it. */
export type BusEvent = {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
};
export type NewEvent = {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly resources?: readonly string[];
  readonly time?: Date;
};

export type RuleTarget = {
  readonly id: string;
  /** A function, queue or topic. */
  readonly arn: string;
  /** JSON text that the target gets instead of the event. */
  readonly input: string | undefined;
};
export type Rule = {
  readonly arn: string;
  readonly name: string;
  readonly pattern: Pattern;
  readonly enabled: boolean;
  readonly targets: readonly RuleTarget[];
};

export type EventBus = {
  putRule(rule: Rule): void;
  /** Takes an event, of a service of AWS too, and passes it to the targets in the background; returns its id. */
  publish(event: NewEvent): string;
  /** Resolves when nothing is under way. */
  drained(): Promise<void>;
};

export type EventBusDeps = {
  readonly authorizer: Pick<IamAuthorizer, "checkService">;
  /** Hands `body` to a function, queue or topic. */
  readonly deliver: (targetArn: string, body: string) => Promise<void>;
  readonly logger: Logger;
  readonly now?: () => number;
  readonly newId?: () => string;
};

/** The right that EventBridge needs at a target, by the service in its ARN. */
const targetActions: Readonly<Record<string, string>> = {
  lambda: "lambda:InvokeFunction",
  sqs: "sqs:SendMessage",
  sns: "sns:Publish",
};
/** The action for a target; undefined when no such target is run locally. */
export const targetAction = (targetArn: string): string | undefined => targetActions[targetArn.split(":")[2] ?? ""];

/** The default bus. Delivery is best effort here as on AWS for most services: a failure is logged, not repeated. */
export function createEventBus({
  authorizer,
  deliver,
  logger,
  now = Date.now,
  newId = randomUUID,
}: EventBusDeps): EventBus {
  const rules = new Map<string, Rule>();
  const underWay = new Set<Promise<void>>();
  const send = async (event: BusEvent, rule: Rule, target: RuleTarget): Promise<void> => {
    try {
      const context = { "aws:SourceArn": rule.arn };
      const action = targetAction(target.arn) ?? "";
      await authorizer.checkService("events.amazonaws.com", { action, resource: target.arn, context });
      await deliver(target.arn, target.input ?? JSON.stringify(event));
    } catch (error) {
      logger.error("event-delivery-failed", { rule: rule.name, target: target.arn, error: String(error) });
    }
  };
  return {
    putRule: (rule) => void rules.set(rule.name, rule),
    publish: (given) => {
      const event = complete(given, newId(), now());
      for (const rule of rules.values()) {
        if (!rule.enabled || !matchesPattern(rule.pattern, event)) continue;
        for (const target of rule.targets) {
          const delivery = send(event, rule, target);
          underWay.add(delivery);
          void delivery.then(() => underWay.delete(delivery));
        }
      }
      return event.id;
    },
    drained: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

const complete = (
  { source, detailType, detail, resources = [], time }: NewEvent,
  id: string,
  nowMs: number,
): BusEvent => ({
  version: "0",
  id,
  "detail-type": detailType,
  source,
  account: localAccount.accountId,
  // EventBridge cuts to whole seconds.
  time: (time ?? new Date(nowMs)).toISOString().replace(/\.\d+Z$/, "Z"),
  region: localAccount.region,
  resources,
  detail,
});
