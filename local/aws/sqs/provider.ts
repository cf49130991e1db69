import { z } from "zod";
import { arn } from "../account.ts";
import type { ResourcePolicies } from "../iam/resource-policies.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import type { Queues } from "./queues.ts";
import { queueUrl } from "./service.ts";

const queueSchema = z.looseObject({
  QueueName: z.string().optional(),
  FifoQueue: z.literal(false, "first-in-first-out queues are not run locally").optional(),
  VisibilityTimeout: z.coerce.number().default(30),
  MessageRetentionPeriod: z.coerce.number().default(345_600),
  DelaySeconds: z.coerce.number().default(0),
  ReceiveMessageWaitTimeSeconds: z.coerce.number().default(0),
  RedrivePolicy: z
    .looseObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number().int().positive() })
    .optional(),
});
const policySchema = z.looseObject({ Queues: z.array(z.string()), PolicyDocument: z.record(z.string(), z.unknown()) });

export type SqsProviderDeps = {
  readonly queues: Queues;
  readonly resourcePolicies: ResourcePolicies;
  readonly endpoint: () => string;
  readonly prefix: string;
};

/** Realises standard queues and their policies; a queue has again what an earlier run left in it. */
export function createSqsProvider(deps: SqsProviderDeps): ResourceProvider {
  return {
    types: ["AWS::SQS::Queue", "AWS::SQS::QueuePolicy"],
    create: async (resource) =>
      resource.type === "AWS::SQS::Queue" ? openQueue(resource, deps) : putPolicy(resource, deps),
  };
}

async function openQueue(
  { logicalId, properties }: ResolvedResource,
  deps: SqsProviderDeps,
): Promise<RealisedResource> {
  const given = queueSchema.parse(properties);
  const name = given.QueueName ?? `${deps.prefix}-${logicalId}`;
  const queueArn = arn("sqs", name);
  await deps.queues.open({
    arn: queueArn,
    name,
    visibilityTimeout: given.VisibilityTimeout,
    retention: given.MessageRetentionPeriod,
    delay: given.DelaySeconds,
    waitTime: given.ReceiveMessageWaitTimeSeconds,
    redrive: given.RedrivePolicy && {
      deadLetterArn: given.RedrivePolicy.deadLetterTargetArn,
      maxReceiveCount: given.RedrivePolicy.maxReceiveCount,
    },
  });
  const url = queueUrl(deps.endpoint(), name);
  return { ref: url, attributes: { Arn: queueArn, QueueName: name, QueueUrl: url } };
}

function putPolicy(
  { logicalId, properties }: ResolvedResource,
  { resourcePolicies }: SqsProviderDeps,
): RealisedResource {
  const policy = policySchema.parse(properties);
  for (const url of policy.Queues)
    resourcePolicies.put(arn("sqs", url.split("/").at(-1) ?? url), logicalId, policy.PolicyDocument);
  return { ref: logicalId, attributes: { Id: logicalId } };
}
