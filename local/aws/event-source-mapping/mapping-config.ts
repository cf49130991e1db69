import { createHash } from "node:crypto";
import { z } from "zod";
import { arn } from "../account.ts";
import { functionNameOf } from "../lambda/runtime.ts";
import type { ResolvedResource } from "../resource.ts";
import { AwsError } from "../service.ts";
import type { DeliveryRules } from "./deliver-batch.ts";

const number = z.coerce.number();
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);

const mappingProperties = z.strictObject({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  Topics: z.array(z.string()).length(1).optional(),
  Queues: z.never().optional(),
  Enabled: flag.default(true),
  BatchSize: number.int().min(1).max(10_000).optional(),
  MaximumBatchingWindowInSeconds: number.int().min(0).max(300).optional(),
  StartingPosition: z.enum(["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]).optional(),
  StartingPositionTimestamp: number.optional(),
  AmazonManagedKafkaEventSourceConfig: z.strictObject({ ConsumerGroupId: z.string().max(200) }).optional(),
  ProvisionedPollerConfig: z
    .strictObject({
      MinimumPollers: number.int().min(1).max(200).default(1),
      MaximumPollers: number.int().min(1).max(2000).default(200),
      PollerGroupName: z.string().max(128).optional(),
    })
    .optional(),
  MaximumRetryAttempts: number.int().min(-1).max(10_000).optional(),
  MaximumRecordAgeInSeconds: number.int().min(-1).max(604_800).optional(),
  BisectBatchOnFunctionError: flag.optional(),
  FunctionResponseTypes: z.array(z.literal("ReportBatchItemFailures")).optional(),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }) }).optional(),
  MetricsConfig: z.strictObject({ Metrics: z.array(z.enum(["EventCount", "ErrorCount", "KafkaMetrics"])) }).optional(),
  LoggingConfig: z.strictObject({ SystemLogLevel: z.enum(["DEBUG", "INFO", "WARN"]) }).optional(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: number.int().min(2).max(1000) }).optional(),
  Tags: z.unknown().optional(),
});
type MappingProperties = z.infer<typeof mappingProperties>;

export type StartingPosition =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "at"; readonly timestampMs: number };

export type KafkaMappingConfig = {
  readonly kind: "kafka";
  readonly logicalId: string;
  readonly uuid: string;
  readonly arn: string;
  readonly functionName: string;
  readonly eventSourceArn: string;
  readonly isEnabled: boolean;
  readonly topic: string;
  readonly groupId: string;
  readonly batchSize: number;
  readonly windowMs: number;
  readonly startingPosition: StartingPosition;
  /** Undefined: on demand. */
  readonly pollers: { readonly minimum: number; readonly maximum: number } | undefined;
  readonly rules: DeliveryRules;
  readonly failureArn: string | undefined;
  readonly metrics: readonly ("EventCount" | "ErrorCount" | "KafkaMetrics")[];
  /** As the API shows them. */
  readonly properties: Readonly<Record<string, unknown>>;
};

export type QueueMappingConfig = Pick<
  KafkaMappingConfig,
  | "logicalId"
  | "uuid"
  | "arn"
  | "functionName"
  | "eventSourceArn"
  | "isEnabled"
  | "batchSize"
  | "windowMs"
  | "properties"
> & { readonly kind: "queue"; readonly readsReply: boolean; readonly maximumConcurrency: number | undefined };

export type MappingConfig = KafkaMappingConfig | QueueMappingConfig;

/** What a Kafka mapping waits when nothing is said. */
const defaultKafkaWindowMs = 500;
const defaultKafkaBatch = 100;
const defaultQueueBatch = 10;
/** With a failure destination AWS ends "infinite" retries after this many. */
const retriesWithDestination = 10;

/** Reads one mapping of the template. Throws InvalidParameterValueException for what AWS refuses. */
export function readMappingConfig(resource: ResolvedResource): MappingConfig {
  const parsed = mappingProperties.safeParse(resource.properties);
  if (!parsed.success) throw refuse(resource, z.prettifyError(parsed.error));
  const given = parsed.data;
  const source = given.EventSourceArn.split(":")[2];
  if (source === "kafka") return kafkaMapping(resource, given);
  if (source === "sqs") return queueMapping(resource, given);
  throw refuse(resource, `an event source ${given.EventSourceArn} has no local counterpart`);
}

function common(resource: ResolvedResource, given: MappingProperties) {
  const uuid = uuidOf(resource.logicalId);
  return {
    logicalId: resource.logicalId,
    uuid,
    arn: arn("lambda", `event-source-mapping:${uuid}`),
    functionName: functionNameOf(given.FunctionName),
    eventSourceArn: given.EventSourceArn,
    isEnabled: given.Enabled,
    properties: resource.properties,
  };
}

function kafkaMapping(resource: ResolvedResource, given: MappingProperties): KafkaMappingConfig {
  const [topic] = given.Topics ?? [];
  if (topic === undefined) throw refuse(resource, "Topics must name exactly one topic");
  if (given.ProvisionedPollerConfig === undefined) refuseControls(resource, given);
  const base = common(resource, given);
  const { MinimumPollers: minimum, MaximumPollers: maximum } = given.ProvisionedPollerConfig ?? {};
  if (minimum !== undefined && maximum !== undefined && maximum < minimum) {
    throw refuse(resource, "MaximumPollers is below MinimumPollers");
  }
  const failureArn = given.DestinationConfig?.OnFailure.Destination;
  const window = given.MaximumBatchingWindowInSeconds;
  return {
    ...base,
    kind: "kafka",
    topic,
    groupId: given.AmazonManagedKafkaEventSourceConfig?.ConsumerGroupId ?? base.uuid,
    batchSize: given.BatchSize ?? defaultKafkaBatch,
    windowMs: window === undefined ? defaultKafkaWindowMs : window * 1000,
    startingPosition: startingPosition(resource, given),
    pollers: minimum === undefined || maximum === undefined ? undefined : { minimum, maximum },
    rules: rulesOf(given, failureArn),
    failureArn,
    metrics: given.MetricsConfig?.Metrics ?? [],
  };
}

/** AWS has the error controls of a Kafka mapping only for provisioned pollers. */
function refuseControls(resource: ResolvedResource, given: MappingProperties): void {
  const controls = [
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "DestinationConfig",
    "LoggingConfig",
  ] as const;
  const used = controls.filter((name) => given[name] !== undefined);
  if (used.length === 0) return;
  throw refuse(resource, `${used.join(", ")}: only with ProvisionedPollerConfig for a Kafka event source`);
}

function rulesOf(given: MappingProperties, failureArn: string | undefined): DeliveryRules {
  const retries = given.MaximumRetryAttempts ?? -1;
  const ageSeconds = given.MaximumRecordAgeInSeconds ?? -1;
  return {
    maximumRetryAttempts: retries === -1 && failureArn !== undefined ? retriesWithDestination : retries,
    maximumRecordAgeMs: ageSeconds === -1 ? -1 : ageSeconds * 1000,
    bisectOnError: given.BisectBatchOnFunctionError ?? false,
    readsReply: given.FunctionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
  };
}

function startingPosition(resource: ResolvedResource, given: MappingProperties): StartingPosition {
  if (given.StartingPosition === undefined) throw refuse(resource, "StartingPosition is required for Kafka");
  if (given.StartingPosition === "TRIM_HORIZON") return { kind: "earliest" };
  if (given.StartingPosition === "LATEST") return { kind: "latest" };
  const seconds = given.StartingPositionTimestamp;
  if (seconds === undefined) throw refuse(resource, "AT_TIMESTAMP needs StartingPositionTimestamp");
  return { kind: "at", timestampMs: seconds * 1000 };
}

function queueMapping(resource: ResolvedResource, given: MappingProperties): QueueMappingConfig {
  const batchSize = given.BatchSize ?? defaultQueueBatch;
  const windowMs = (given.MaximumBatchingWindowInSeconds ?? 0) * 1000;
  if (batchSize > defaultQueueBatch && windowMs === 0) {
    throw refuse(resource, "a BatchSize above 10 needs a MaximumBatchingWindowInSeconds of at least 1");
  }
  return {
    ...common(resource, given),
    kind: "queue",
    batchSize,
    windowMs,
    readsReply: given.FunctionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
    maximumConcurrency: given.ScalingConfig?.MaximumConcurrency,
  };
}

/** The same id at each start: state and metrics of a mapping carry on. */
function uuidOf(logicalId: string): string {
  const hex = createHash("sha256").update(`event-source-mapping ${logicalId}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const refuse = ({ logicalId }: ResolvedResource, message: string): AwsError =>
  new AwsError("InvalidParameterValueException", `${logicalId}: ${message}`);
