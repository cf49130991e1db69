import { createHash } from "node:crypto";
import { z } from "zod";
import { arn } from "../account.ts";
import { checkPattern } from "../event-pattern.ts";
import type { ResourcePolicies } from "../iam/resource-policies.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import { isMailAddress } from "./mail.ts";
import type { Topics } from "./topics.ts";

const topicSchema = z.looseObject({
  TopicName: z.string().optional(),
  DisplayName: z.string().optional(),
  KmsMasterKeyId: z.string().optional(),
});
const subscriptionSchema = z.looseObject({
  TopicArn: z.string(),
  Protocol: z.enum(["email", "http", "https", "sqs", "lambda"]),
  Endpoint: z.string(),
  RawMessageDelivery: z.stringbool().or(z.boolean()).default(false),
  FilterPolicy: z.record(z.string(), z.unknown()).optional(),
});
const policySchema = z.looseObject({ Topics: z.array(z.string()), PolicyDocument: z.record(z.string(), z.unknown()) });

export type SnsProviderDeps = {
  readonly topics: Topics;
  readonly resourcePolicies: ResourcePolicies;
  readonly prefix: string;
};

/** Realises topics, their policies and subscriptions. Subscriptions count as confirmed: nobody answers a mail here. */
export function createSnsProvider(deps: SnsProviderDeps): ResourceProvider {
  return {
    types: ["AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"],
    create: async (resource) => {
      if (resource.type === "AWS::SNS::Topic") return createTopic(resource, deps);
      if (resource.type === "AWS::SNS::Subscription") return subscribe(resource, deps);
      return putPolicy(resource, deps);
    },
  };
}

function createTopic(
  { logicalId, properties }: ResolvedResource,
  { topics, prefix }: SnsProviderDeps,
): RealisedResource {
  const { TopicName, DisplayName, KmsMasterKeyId } = topicSchema.parse(properties);
  const name = TopicName ?? `${prefix}-${logicalId}`;
  const topicArn = arn("sns", name);
  topics.put({ arn: topicArn, name, displayName: DisplayName, keyArn: keyArnOf(KmsMasterKeyId) });
  return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
}

// A key of AWS itself (alias/aws/sns) needs no permission of the sender.
function keyArnOf(key: string | undefined): string | undefined {
  if (key === undefined || key.startsWith("alias/")) return undefined;
  return key.startsWith("arn:") ? key : arn("kms", `key/${key}`);
}

function subscribe({ logicalId, properties }: ResolvedResource, { topics }: SnsProviderDeps): RealisedResource {
  const { TopicArn, Protocol, Endpoint, RawMessageDelivery, FilterPolicy } = subscriptionSchema.parse(properties);
  if (Protocol === "email" && !isMailAddress(Endpoint))
    throw new Error(`${logicalId}: ${JSON.stringify(Endpoint)} is no mail address`);
  if (Protocol.startsWith("http") && !URL.canParse(Endpoint))
    throw new Error(`${logicalId}: ${JSON.stringify(Endpoint)} is no address`);
  if (FilterPolicy) checkPattern(FilterPolicy);
  const id = createHash("sha256").update(logicalId).digest("hex").slice(0, 32);
  const subscriptionArn = `${TopicArn}:${id}`;
  topics.subscribe({
    arn: subscriptionArn,
    topicArn: TopicArn,
    protocol: Protocol,
    endpoint: Endpoint,
    rawDelivery: RawMessageDelivery,
    filterPolicy: FilterPolicy,
  });
  return { ref: subscriptionArn, attributes: { Arn: subscriptionArn } };
}

function putPolicy(
  { logicalId, properties }: ResolvedResource,
  { resourcePolicies }: SnsProviderDeps,
): RealisedResource {
  const policy = policySchema.parse(properties);
  for (const topic of policy.Topics) resourcePolicies.put(topic, logicalId, policy.PolicyDocument);
  return { ref: logicalId, attributes: { Id: logicalId } };
}
