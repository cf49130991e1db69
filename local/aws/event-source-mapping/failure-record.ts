import { randomUUID } from "node:crypto";
import { type Batch, eventOf, type SourceInfo } from "./kafka-record.ts";

export type FailureCondition = "RetriesExhausted" | "RecordAgeExceeded" | "MaximumPayloadSizeExceeded";

export type FailedBatch = {
  readonly batch: Batch;
  readonly condition: FailureCondition;
  readonly invokeCount: number;
  readonly requestId: string | undefined;
};

export type FailureSource = SourceInfo & {
  readonly functionArn: string;
  readonly mappingId: string;
};

/**
 * The object that Lambda writes to a bucket for a batch it gave up: `payload` is the event as an escaped JSON string.
 * Key: `aws/lambda/<mapping>/<yyyy>/<mm>/<dd>/<time>-<uuid>`.
 */
export function failureObject(
  failed: FailedBatch,
  source: FailureSource,
  nowMs: number,
): { readonly key: string; readonly body: string } {
  const time = new Date(nowMs).toISOString();
  const name = `${time.slice(0, 19).replaceAll(":", ".")}-${randomUUID()}`;
  const key = `aws/lambda/${source.mappingId}/${time.slice(0, 10).replaceAll("-", "/")}/${name}`;
  const payload = eventOf(failed.batch, source);
  const [first] = failed.batch;
  const record = {
    requestContext: {
      requestId: failed.requestId ?? randomUUID(),
      functionArn: source.functionArn,
      condition: failed.condition,
      approximateInvokeCount: failed.invokeCount,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: time,
    KafkaBatchInfo: {
      batchSize: failed.batch.length,
      eventSourceArn: source.eventSourceArn,
      bootstrapServers: source.bootstrapServers,
      payloadSize: Buffer.byteLength(payload),
      recordInfo: { offset: first?.offset, timestamp: first?.timestampMs },
    },
    payload,
  };
  return { key, body: JSON.stringify(record) };
}
