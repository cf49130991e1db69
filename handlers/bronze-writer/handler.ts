import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { PartialFailures } from "../../lib/core/msk-event.ts";
import { readConfig } from "./config.ts";
import { createDeps } from "./deps.ts";
import { writeBronze } from "./write-bronze.ts";

/** Kept back from the function's time for the answer and for one slow call that began just before. */
const marginMs = 20_000;

const deps = createDeps(readConfig(process.env));

export const handler = middy().handler((event: unknown, context: Context): Promise<PartialFailures> => {
  const deadlineMs = deps.clock.now() + context.getRemainingTimeInMillis() - marginMs;
  return writeBronze(deps, event, deadlineMs);
});
