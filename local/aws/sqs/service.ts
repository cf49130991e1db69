import { z } from "zod";
import { arn, localAccount } from "../account.ts";
import { AwsError, type AwsRequest, type AwsService } from "../service.ts";
import { md5, type Queues } from "./queues.ts";

const attributesSchema = z.record(z.string(), z.unknown()).optional();
const sendSchema = z.looseObject({
  MessageBody: z.string(),
  DelaySeconds: z.number().optional(),
  MessageAttributes: attributesSchema,
});
const receiveSchema = z.looseObject({
  MaxNumberOfMessages: z.number().int().min(1).max(10).default(1),
  WaitTimeSeconds: z.number().min(0).max(20).optional(),
  VisibilityTimeout: z.number().min(0).max(43_200).optional(),
});
const batchSchema = <Entry extends z.ZodType>(entry: Entry) =>
  z.looseObject({ Entries: z.array(entry).min(1).max(10) });
const sendBatchSchema = batchSchema(sendSchema.extend({ Id: z.string() }));
const deleteBatchSchema = batchSchema(z.looseObject({ Id: z.string(), ReceiptHandle: z.string() }));
const deleteSchema = z.looseObject({ ReceiptHandle: z.string() });
const visibilitySchema = deleteSchema.extend({ VisibilityTimeout: z.number().min(0).max(43_200) });

/** SQS's limit since August 2025. */
const maxBodyBytes = 1024 * 1024;

export type SqsServiceDeps = {
  readonly queues: Queues /** Address of the service: queue URLs start with it. */;
  readonly endpoint: () => string;
};

/** Address of a queue; only its last part is read back, so that a URL of an earlier start still names it. */
export const queueUrl = (endpoint: string, name: string): string => `${endpoint}/${localAccount.accountId}/${name}`;

/** SQS as far as the pipeline and a person looking at dead letters call it. */
export function createSqsService({ queues, endpoint }: SqsServiceDeps): AwsService {
  return {
    name: "sqs",
    protocol: "json-1.0",
    permissions: ({ operation, input }) => {
      if (operation === "ListQueues") return [{ action: "sqs:ListQueues", resource: arn("sqs", "*") }];
      return [{ action: `sqs:${operation.replace(/Batch$/, "")}`, resource: queueArn(input) }];
    },
    handle: async (request) => ({
      body: await (operations[request.operation] ?? unknownOperation)(request, queues, endpoint()),
    }),
  };
}

function queueArn(input: AwsRequest["input"]): string {
  const name =
    input["QueueName"] ??
    String(input["QueueUrl"] ?? "")
      .split("/")
      .at(-1);
  return arn("sqs", String(name));
}

type Operation = (request: AwsRequest, queues: Queues, endpoint: string) => unknown;

const operations: Readonly<Record<string, Operation>> = {
  GetQueueUrl: ({ input }, queues, endpoint) => ({ QueueUrl: queueUrl(endpoint, queues.config(queueArn(input)).name) }),
  ListQueues: (_request, queues, endpoint) => ({ QueueUrls: queues.all().map(({ name }) => queueUrl(endpoint, name)) }),
  SendMessage: ({ input }, queues) => send(queueArn(input), parse(sendSchema, input), queues),
  SendMessageBatch: async ({ input }, queues) => {
    const { Entries } = parse(sendBatchSchema, input);
    const Successful = await Promise.all(
      Entries.map(async (entry) => ({ Id: entry.Id, ...(await send(queueArn(input), entry, queues)) })),
    );
    return { Successful, Failed: [] };
  },
  ReceiveMessage: async ({ input }, queues) => {
    const { MaxNumberOfMessages, WaitTimeSeconds, VisibilityTimeout } = parse(receiveSchema, input);
    const queue = queueArn(input);
    const waitMs = (WaitTimeSeconds ?? queues.config(queue).waitTime) * 1000;
    const received = await queues.receive(queue, MaxNumberOfMessages, waitMs, VisibilityTimeout);
    const Messages = received.map((one) => ({
      MessageId: one.messageId,
      ReceiptHandle: one.receiptHandle,
      Body: one.body,
      MD5OfBody: one.md5OfBody,
      Attributes: one.attributes,
      ...(Object.keys(one.messageAttributes).length > 0 ? { MessageAttributes: one.messageAttributes } : {}),
    }));
    return Messages.length > 0 ? { Messages } : {};
  },
  DeleteMessage: async ({ input }, queues) => {
    await queues.delete(queueArn(input), [parse(deleteSchema, input).ReceiptHandle]);
    return {};
  },
  DeleteMessageBatch: async ({ input }, queues) => {
    const { Entries } = parse(deleteBatchSchema, input);
    await queues.delete(
      queueArn(input),
      Entries.map(({ ReceiptHandle }) => ReceiptHandle),
    );
    return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
  },
  ChangeMessageVisibility: async ({ input }, queues) => {
    const { ReceiptHandle, VisibilityTimeout } = parse(visibilitySchema, input);
    await queues.changeVisibility(queueArn(input), ReceiptHandle, VisibilityTimeout);
    return {};
  },
  GetQueueAttributes: ({ input }, queues) => ({ Attributes: attributesOf(queueArn(input), queues) }),
};

const unknownOperation: Operation = ({ operation }) => {
  throw new AwsError("UnknownOperationException", `The action ${operation} is not valid for this endpoint.`);
};

async function send(queue: string, message: z.output<typeof sendSchema>, queues: Queues) {
  const { MessageBody, DelaySeconds, MessageAttributes } = message;
  if (MessageBody === "") throw new AwsError("MissingParameter", "The request must contain the parameter MessageBody.");
  if (Buffer.byteLength(MessageBody) > maxBodyBytes) {
    throw new AwsError(
      "InvalidParameterValue",
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBodyBytes} bytes.`,
    );
  }
  const MessageId = await queues.send(queue, MessageBody, {
    attributes: MessageAttributes ?? {},
    ...(DelaySeconds === undefined ? {} : { delaySeconds: DelaySeconds }),
  });
  return { MessageId, MD5OfMessageBody: md5(MessageBody) };
}

function attributesOf(queue: string, queues: Queues): Record<string, string> {
  const config = queues.config(queue);
  const { visible, inFlight, delayed } = queues.counts(queue);
  const redrive = config.redrive && {
    deadLetterTargetArn: config.redrive.deadLetterArn,
    maxReceiveCount: config.redrive.maxReceiveCount,
  };
  return {
    QueueArn: config.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    VisibilityTimeout: String(config.visibilityTimeout),
    MessageRetentionPeriod: String(config.retention),
    ...(redrive ? { RedrivePolicy: JSON.stringify(redrive) } : {}),
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: "" };
  throw new AwsError("InvalidParameterValue", `Value for parameter ${path.join(".")} is invalid. Reason: ${message}`);
}
