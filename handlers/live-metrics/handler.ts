import { join } from "node:path";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { RefreshOutcome } from "../../lib/lake/refresh-live.ts";
import { readConfig } from "./config.ts";
import { createDeps } from "./deps.ts";
import { readLiveRules } from "./rule-files.ts";
import { runLive } from "./run-live.ts";

/** Kept back from the function's time for one slow call, the stop of a statement and giving back the lease. */
const marginMs = 20_000;
/** The zip keeps the repository's folders: handlers/live-metrics/ is two below its root. */
const root = join(import.meta.dirname, "../..");

const deps = createDeps(readConfig(process.env), readLiveRules(root));

/** Input: the schedule's, of which nothing is needed. Answer: what the run did. */
export const handler = middy().handler(
  (_event: unknown, context: Context): Promise<RefreshOutcome> =>
    runLive(deps, deps.clock.now() + context.getRemainingTimeInMillis() - marginMs),
);
