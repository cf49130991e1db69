import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { PartialFailures } from "../../lib/core/msk-event.ts";
import { readConfig } from "./config.ts";
import { createDeps } from "./deps.ts";
import { loadInbox, writeOpsEvent } from "./write-ops.ts";

/** Kept back from the function's time for the answer and for one slow call that began just before. */
const marginMs = 20_000;

const deps = createDeps(readConfig(process.env));

export const handler = middy().handler(
  async (event: unknown, context: Context): Promise<PartialFailures | undefined> => {
    const deadlineMs = deps.clock.now() + context.getRemainingTimeInMillis() - marginMs;
    if (isInboxTick(event)) {
      await loadInbox(deps, deadlineMs);
      return undefined;
    }
    return writeOpsEvent(deps, event, deadlineMs);
  },
);

/** The schedule's input; anything else is a batch of the mapping. */
function isInboxTick(event: unknown): boolean {
  return typeof event === "object" && event !== null && "source" in event && event.source === "ops-inbox";
}
