import type { Cloud } from "./create-cloud.ts";
import type { CycleOutcome } from "./lake.ts";

/** Records that the mappings have not committed yet, by topic. */
export async function lagOf({ mappings }: Cloud): Promise<Record<string, number>> {
  const lags = mappings.kafka().map(async (mapping) => {
    const partitions = await mapping.lag();
    return [mapping.topic, partitions.reduce((sum, { lag }) => sum + lag, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(lags));
}

/**
 * As a person would: through the function, with force, so that only a hold or a running cycle refuses. `catchup`: the
 * events are older than a live feed's are when they arrive, and that must not stop the cycle.
 */
export async function runCycle(
  { lambda, jobs }: Cloud,
  functionName: string,
  mode: "auto" | "catchup",
): Promise<CycleOutcome> {
  const event = { job: "cycle", scheduledTime: new Date().toISOString(), force: true, trigger: "manual", mode };
  const answer = await lambda.invoke(functionName, JSON.stringify(event));
  const verdict = JSON.parse(answer.payload) as {
    verdict?: string;
    jobRunId?: string;
    runId?: string;
    reason?: string;
    errorMessage?: string;
  }; // StartVerdict, or Lambda's error shape
  if (verdict.jobRunId === undefined)
    return { runId: "", state: verdict.verdict ?? "ERROR", details: verdict.reason ?? verdict.errorMessage ?? "" };
  const run = await jobs.finished(verdict.jobRunId);
  return { runId: verdict.runId ?? run.jobRunId, state: run.state, details: run.stateDetails };
}
