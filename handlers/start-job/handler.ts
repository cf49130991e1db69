import middy from "@middy/core";
import { parseJobEvent } from "../../lib/jobs/job-event.ts";
import { type StartVerdict, startCycle } from "../../lib/jobs/start-cycle.ts";
import { readConfig } from "./config.ts";
import { createDeps } from "./deps.ts";

const deps = createDeps(readConfig(process.env));

/** Input: {job, scheduledTime, force?, mode?, rebuild?, trigger?, attempt?, ingestLag?}. Answer: a StartVerdict. */
export const handler = middy().handler(
  (event: unknown): Promise<StartVerdict> => startCycle(parseJobEvent(event), deps),
);
