import type { Pattern } from "../event-pattern.ts";

export type Subscription = {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: "email" | "http" | "https" | "sqs" | "lambda";
  readonly endpoint: string;
  readonly rawDelivery: boolean;
  /** On message attributes. */
  readonly filterPolicy: Pattern | undefined;
};

export type Topic = {
  readonly arn: string;
  readonly name: string;
  readonly displayName: string | undefined;
  /** ARN of the customer's key that encrypts it on AWS. */
  readonly keyArn: string | undefined;
};

/** Topics and subscriptions of the template; made anew at each start. */
export type Topics = {
  put(topic: Topic): void;
  subscribe(subscription: Subscription): void;
  find(arn: string): Topic | undefined;
  all(): readonly Topic[];
  subscriptions(topicArn?: string): readonly Subscription[];
};

/** Makes an empty registry. */
export function createTopics(): Topics {
  const topics = new Map<string, Topic>();
  const subscriptions = new Map<string, Subscription>();
  return {
    put: (topic) => void topics.set(topic.arn, topic),
    subscribe: (subscription) => void subscriptions.set(subscription.arn, subscription),
    find: (arn) => topics.get(arn),
    all: () => [...topics.values()],
    subscriptions: (topicArn) =>
      [...subscriptions.values()].filter((one) => topicArn === undefined || one.topicArn === topicArn),
  };
}
