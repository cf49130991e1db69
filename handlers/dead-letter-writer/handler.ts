import middy from "@middy/core";
import type { Context, S3Event } from "aws-lambda";
import type { PartialFailures } from "../../lib/core/msk-event.ts";
import { readConfig } from "./config.ts";
import { createDeps } from "./deps.ts";
import { writeDlqEvent, writeFailedBatch } from "./write-dead-letters.ts";

/** Kept back from the function's time for the answer and for one slow call that began just before. */
const marginMs = 20_000;

const deps = createDeps(readConfig(process.env));

export const handler = middy().handler(
  async (event: unknown, context: Context): Promise<PartialFailures | undefined> => {
    const deadlineMs = deps.clock.now() + context.getRemainingTimeInMillis() - marginMs;
    if (!isS3Event(event)) return writeDlqEvent(deps, event, deadlineMs);
    for (const { s3 } of event.Records) await writeFailedBatch(deps, objectKey(s3.object.key), deadlineMs);
    return undefined;
  },
);

function isS3Event(event: unknown): event is S3Event {
  return typeof event === "object" && event !== null && "Records" in event && Array.isArray(event.Records);
}

/** Keys in notifications are URL-encoded, with a plus for a blank. */
function objectKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll("+", " "));
}
