import { z } from "zod";
import { arn, localAccount } from "../account.ts";
import type { IamAuthorizer } from "../iam/authorizer.ts";
import type { ResourcePolicies } from "../iam/resource-policies.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import { s3Arn } from "./address.ts";
import type { S3Front } from "./front.ts";
import type { ObjectCreated } from "./notifications.ts";

const ruleSchema = z.looseObject({ Name: z.string(), Value: z.string() });
const targetSchema = z.looseObject({
  Event: z.string(),
  Function: z.string(),
  Filter: z.looseObject({ S3Key: z.looseObject({ Rules: z.array(ruleSchema) }) }).optional(),
});
const bucketSchema = z.looseObject({
  BucketName: z.string().optional(),
  NotificationConfiguration: z
    .looseObject({
      LambdaConfigurations: z.array(targetSchema).default([]),
      QueueConfigurations: z.array(z.unknown()).max(0, "queues are not told of objects locally").default([]),
      TopicConfigurations: z.array(z.unknown()).max(0, "topics are not told of objects locally").default([]),
    })
    .optional(),
});
const policySchema = z.looseObject({ Bucket: z.string(), PolicyDocument: z.record(z.string(), z.unknown()) });
type Target = z.output<typeof targetSchema>;

export type S3ProviderDeps = {
  /** S3Mock's HTTP address: buckets are made there directly. */
  readonly s3MockUrl: string;
  readonly front: Pick<S3Front, "onObjectCreated">;
  readonly authorizer: Pick<IamAuthorizer, "checkService">;
  readonly resourcePolicies: ResourcePolicies;
  /** Invokes a function asynchronously with an event of S3. */
  readonly invokeLambda: (functionArn: string, event: unknown) => Promise<void>;
  /** Start of a bucket's name when the template gives none. */
  readonly prefix: string;
};

/**
 * Realises buckets and their policies. A bucket that is there is taken as it is. Lifecycle rules, versioning and
 * encryption are not run locally: nothing expires, an overwritten object is gone, and only deletion of the state folder
 * frees its space.
 */
export function createS3Provider(deps: S3ProviderDeps): ResourceProvider {
  return {
    types: ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"],
    create: (resource) =>
      resource.type === "AWS::S3::Bucket" ? createBucket(resource, deps) : Promise.resolve(putPolicy(resource, deps)),
  };
}

async function createBucket(
  { logicalId, properties }: ResolvedResource,
  deps: S3ProviderDeps,
): Promise<RealisedResource> {
  const { BucketName, NotificationConfiguration } = bucketSchema.parse(properties);
  const name = BucketName ?? `${deps.prefix}-${logicalId.toLowerCase()}-${localAccount.accountId}`;
  const response = await fetch(`${deps.s3MockUrl}/${name}`, { method: "PUT" });
  // 409: it is there from yesterday.
  if (!response.ok && response.status !== 409)
    throw new Error(`Bucket ${name}: ${response.status} ${await response.text()}`);
  for (const target of NotificationConfiguration?.LambdaConfigurations ?? []) subscribe(name, target, deps);
  return {
    ref: name,
    attributes: {
      Arn: s3Arn(name),
      DomainName: `${name}.s3.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${localAccount.region}.amazonaws.com`,
      DualStackDomainName: `${name}.s3.dualstack.${localAccount.region}.amazonaws.com`,
    },
  };
}

function putPolicy(
  { logicalId, properties }: ResolvedResource,
  { resourcePolicies }: S3ProviderDeps,
): RealisedResource {
  const { Bucket, PolicyDocument } = policySchema.parse(properties);
  resourcePolicies.put(s3Arn(Bucket), logicalId, PolicyDocument);
  return { ref: logicalId, attributes: {} };
}

function subscribe(bucket: string, target: Target, { front, authorizer, invokeLambda }: S3ProviderDeps): void {
  const { prefix, suffix } = keyFilter(target);
  front.onObjectCreated(bucket, prefix, async (created) => {
    if (!created.key.endsWith(suffix) || !eventMatches(target.Event, created.eventName)) return;
    const context = { "aws:SourceArn": s3Arn(bucket), "aws:SourceAccount": localAccount.accountId };
    await authorizer.checkService("s3.amazonaws.com", {
      action: "lambda:InvokeFunction",
      resource: target.Function,
      context,
    });
    await invokeLambda(target.Function, notificationEvent(created));
  });
}

function keyFilter(target: Target): { readonly prefix: string; readonly suffix: string } {
  const rules = target.Filter?.S3Key.Rules ?? [];
  const value = (name: string): string => rules.find((rule) => rule.Name.toLowerCase() === name)?.Value ?? "";
  return { prefix: value("prefix"), suffix: value("suffix") };
}

/** `s3:ObjectCreated:*` or an exact one. */
const eventMatches = (wanted: string, name: string): boolean => {
  const full = `s3:${name}`;
  return wanted.endsWith("*") ? full.startsWith(wanted.slice(0, -1)) : wanted === full;
};

/** The event as a function gets it from S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export function notificationEvent({ bucket, key, size, eTag, eventName, time, sequencer }: ObjectCreated): unknown {
  // S3 encodes keys as in a form: a space is "+".
  const encodedKey = encodeURIComponent(key).replaceAll("%20", "+").replaceAll("%2F", "/");
  return {
    Records: [
      {
        eventVersion: "2.1",
        eventSource: "aws:s3",
        awsRegion: localAccount.region,
        eventTime: time.toISOString(),
        eventName,
        userIdentity: { principalId: "local" },
        requestParameters: { sourceIPAddress: "127.0.0.1" },
        responseElements: { "x-amz-request-id": sequencer, "x-amz-id-2": arn("s3", sequencer) },
        s3: {
          s3SchemaVersion: "1.0",
          configurationId: "local",
          bucket: { name: bucket, ownerIdentity: { principalId: "local" }, arn: s3Arn(bucket) },
          object: { key: encodedKey, size, eTag, sequencer },
        },
      },
    ],
  };
}
