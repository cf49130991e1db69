import { z } from "zod";
import type { KafkaRecord } from "../../lib/core/kafka-record.ts";
import { parseMskEvent } from "../../lib/core/msk-event.ts";

/**
 * What a mapping writes to its failure bucket for a batch it gave up on. `payload` is the invocation's event as an
 * escaped JSON string; it is missing when the batch was larger than a payload may be. The key's layout is undocumented
 * for Kafka, so that only the content is looked at.
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure-destination.html
 */
const failedBatchSchema = z.looseObject({
  requestContext: z
    .looseObject({ condition: z.string().optional(), approximateInvokeCount: z.int().nonnegative().optional() })
    .optional(),
  payload: z.union([z.string(), z.looseObject({})]).nullish(),
});

export type FailedBatch = {
  readonly condition: string;
  readonly attempts: number;
  /** undefined when the object does not hold the records. */
  readonly records: readonly KafkaRecord[] | undefined;
};

/** Throws on content that is no failure record: somebody else wrote it. */
export function parseFailedBatch(body: Uint8Array): FailedBatch {
  const { requestContext, payload } = failedBatchSchema.parse(JSON.parse(new TextDecoder().decode(body)));
  const event: unknown = typeof payload === "string" ? JSON.parse(payload) : payload;
  return {
    condition: requestContext?.condition ?? "unknown",
    attempts: requestContext?.approximateInvokeCount ?? 0,
    records: event === null || event === undefined ? undefined : parseMskEvent(event),
  };
}
