import { z } from "zod";
import { AwsError, type AwsRequest, type AwsResponse, type AwsService, type Permission } from "../service.ts";
import type { Publisher } from "./publisher.ts";
import type { Topics } from "./topics.ts";

const attributeSchema = z.looseObject({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
const messageSchema = z.looseObject({
  Message: z.string(),
  Subject: z.string().optional(),
  MessageStructure: z.string().optional(),
  MessageAttributes: z.record(z.string(), attributeSchema).default({}),
});
const publishSchema = messageSchema.extend({ TopicArn: z.string() });
const batchSchema = z.looseObject({
  TopicArn: z.string(),
  PublishBatchRequestEntries: z
    .array(messageSchema.extend({ Id: z.string() }))
    .min(1)
    .max(10),
});
type NewMessage = z.output<typeof messageSchema>;

export type SnsServiceDeps = { readonly topics: Topics; readonly publisher: Publisher };

/** SNS as far as the pipeline calls it: publish, and lists for a person. Subscriptions come from the template alone. */
export function createSnsService({ topics, publisher }: SnsServiceDeps): AwsService {
  const publish = (topicArn: string, message: NewMessage): string =>
    publisher.publish({
      topicArn,
      text: message.Message,
      subject: message.Subject,
      structure: message.MessageStructure,
      // Read by the schema; only absent members are told apart from undefined ones.
      attributes: message.MessageAttributes as Parameters<Publisher["publish"]>[0]["attributes"],
    });
  return {
    name: "sns",
    protocol: "query",
    permissions: (request) => permissionsOf(request, topics),
    handle: async (request) => handle(request, topics, publish),
  };
}

function permissionsOf({ operation, input }: AwsRequest, topics: Topics): readonly Permission[] {
  if (operation === "ListTopics" || operation === "ListSubscriptions")
    return [{ action: `sns:${operation}`, resource: "*" }];
  const resource = String(input["TopicArn"]);
  if (!operation.startsWith("Publish")) return [{ action: `sns:${operation}`, resource }];
  return [{ action: "sns:Publish", resource }, ...keyPermissions(resource, topics)];
}

/** Who publishes to a topic that a customer's key encrypts needs the key. Without it AWS drops the message. */
export function keyPermissions(topicArn: string, topics: Topics): readonly Permission[] {
  const keyArn = topics.find(topicArn)?.keyArn;
  if (keyArn === undefined) return [];
  return [
    { action: "kms:GenerateDataKey", resource: keyArn },
    { action: "kms:Decrypt", resource: keyArn },
  ];
}

type Publish = (topicArn: string, message: NewMessage) => string;

function handle({ operation, input }: AwsRequest, topics: Topics, publish: Publish): AwsResponse {
  switch (operation) {
    case "Publish": {
      const { TopicArn, ...message } = parse(publishSchema, input);
      return { body: { MessageId: publish(TopicArn, message) } };
    }
    case "PublishBatch":
      return publishBatch(input, publish);
    case "ListTopics":
      return { body: { Topics: topics.all().map(({ arn }) => ({ TopicArn: arn })) } };
    case "ListSubscriptions":
    case "ListSubscriptionsByTopic":
      return { body: { Subscriptions: subscriptionsOf(topics, input["TopicArn"]) } };
    default:
      throw new AwsError("UnknownOperationException", `The action ${operation} is not valid for this endpoint.`);
  }
}

function publishBatch(input: AwsRequest["input"], publish: Publish): AwsResponse {
  const { TopicArn, PublishBatchRequestEntries } = parse(batchSchema, input);
  const Successful: unknown[] = [];
  const Failed: unknown[] = [];
  for (const { Id, ...message } of PublishBatchRequestEntries) {
    try {
      Successful.push({ Id, MessageId: publish(TopicArn, message) });
    } catch (error) {
      if (!(error instanceof AwsError) || error.code === "NotFound") throw error;
      Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { body: { Successful, Failed } };
}

const subscriptionsOf = (topics: Topics, topicArn: unknown): readonly unknown[] =>
  topics.subscriptions(typeof topicArn === "string" ? topicArn : undefined).map((one) => ({
    SubscriptionArn: one.arn,
    Owner: one.arn.split(":")[4],
    Protocol: one.protocol,
    Endpoint: one.endpoint,
    TopicArn: one.topicArn,
  }));

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AwsError("InvalidParameter", `Invalid parameter: ${parsed.error.issues[0]?.path.join(".")}`);
}
