import { randomUUID } from "node:crypto";
import type { Logger } from "../../../lib/platform/logger.ts";
import { matchesPattern } from "../event-pattern.ts";
import { AwsError } from "../service.ts";
import { type DeliveryDeps, deliver } from "./deliver.ts";
import { checkMessage, filterableAttributes, type Message } from "./message.ts";
import type { Subscription, Topics } from "./topics.ts";

export type NewMessage = Omit<Message, "id" | "time">;

export type Publisher = {
  /** Takes a message and delivers it to the topic's subscribers in the background. Throws AwsError; returns its id. */
  publish(message: NewMessage): string;
  /** Resolves when nothing is under way. */
  drained(): Promise<void>;
};

export type PublisherDeps = DeliveryDeps & {
  readonly topics: Topics;
  readonly logger: Logger;
  readonly now?: () => number;
  readonly newId?: () => string;
};

/** Makes the part of SNS that every sender shares: the API, alarms, failure destinations. Permissions are asked before. */
export function createPublisher(deps: PublisherDeps): Publisher {
  const { topics, logger, now = Date.now, newId = randomUUID } = deps;
  const underWay = new Set<Promise<void>>();
  const send = async (message: Message, subscription: Subscription): Promise<void> => {
    const about = { topic: message.topicArn, subscription: subscription.arn, messageId: message.id };
    try {
      await deliver(message, subscription, deps);
      logger.info("sns-delivered", { ...about, protocol: subscription.protocol });
    } catch (error) {
      logger.error("sns-delivery-failed", { ...about, error: String(error) });
    }
  };
  return {
    publish: (given) => {
      if (!topics.find(given.topicArn)) throw new AwsError("NotFound", "Topic does not exist", 404);
      checkMessage(given);
      const message = { ...given, id: newId(), time: new Date(now()) };
      for (const subscription of topics.subscriptions(given.topicArn)) {
        if (!wanted(message, subscription)) continue;
        const delivery = send(message, subscription);
        underWay.add(delivery);
        void delivery.then(() => underWay.delete(delivery));
      }
      return message.id;
    },
    drained: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

const wanted = ({ attributes }: Message, { filterPolicy }: Subscription): boolean =>
  filterPolicy === undefined || matchesPattern(filterPolicy, filterableAttributes(attributes));
