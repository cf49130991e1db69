import { type RefreshOutcome, refreshLive } from "../../lib/lake/refresh-live.ts";
import type { LiveMetricsDeps } from "./deps.ts";

/** One scheduled run, with what it did in the log and as metrics. Throws LakeError when a statement failed. */
export async function runLive(deps: LiveMetricsDeps, deadlineMs: number): Promise<RefreshOutcome> {
  const startedMs = deps.clock.now();
  const outcome = await refreshLive(deps, deadlineMs);
  const durationMs = deps.clock.now() - startedMs;
  deps.log.info("live-refreshed", { ...outcome, durationMs });
  if (outcome.kind === "done") {
    deps.metrics.put([
      { name: "LiveMinutes", value: outcome.minutes, unit: "Count" },
      { name: "LiveMinutesLeft", value: outcome.left, unit: "Count" },
      { name: "LiveRowsChanged", value: outcome.rows, unit: "Count" },
      { name: "LiveDuration", value: durationMs, unit: "Milliseconds" },
    ]);
  }
  return outcome;
}
