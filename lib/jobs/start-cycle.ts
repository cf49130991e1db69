import type { Logger } from "../platform/logger.ts";
import { controlKeys, findStop, firstSeenMs, hasBronze } from "./control-state.ts";
import type { ControlStore } from "./control-store.ts";
import { cycleRequest, type JobSettings } from "./cycle-request.ts";
import type { JobEvent } from "./job-event.ts";
import type { JobService } from "./job-service.ts";

export type StartCycleDeps = {
  readonly jobs: JobService;
  readonly control: ControlStore;
  readonly settings: JobSettings;
  /** How much bronze a live stage collects before its first cycle. */
  readonly bronzeMinutes: number;
  readonly log: Logger;
};

/** What became of the request. Only `started` and `already_started` have a run. */
export type StartVerdict =
  | { readonly verdict: "started" | "already_started"; readonly jobRunId: string; readonly runId: string }
  | { readonly verdict: "held" | "paused" | "busy" | "waiting_for_bronze"; readonly reason: string };

/**
 * Starts the run that the event stands for, unless the stage is held or paused, another run is active, or bronze is too
 * young. Refusals are values; throws JobStartError, and whatever the store throws.
 */
export async function startCycle(event: JobEvent, deps: StartCycleDeps): Promise<StartVerdict> {
  const verdict = await decide(event, deps);
  deps.log.info("start-job", { job: event.job, scheduledTime: event.scheduledTime, ...verdict });
  return verdict;
}

async function decide(event: JobEvent, deps: StartCycleDeps): Promise<StartVerdict> {
  const { jobs, control, settings } = deps;
  const stop = findStop(await control.get(controlKeys.pipeline), await control.get(controlKeys.desired));
  if (stop) return { verdict: stop.kind, reason: stop.reason };
  const request = cycleRequest(event, settings);
  const active = await jobs.listActive();
  // Our own answer may have been lost: the run of this very request is no reason to refuse it.
  const own = active.find(({ name }) => name === request.name);
  if (own) return { verdict: "already_started", jobRunId: own.id, runId: request.name };
  const other = active[0];
  if (other) return { verdict: "busy", reason: `${other.name || other.id} is ${other.state}` };
  const waiting = event.force ? undefined : await waitForBronze(event, deps);
  if (waiting !== undefined) return { verdict: "waiting_for_bronze", reason: waiting };
  return { verdict: "started", jobRunId: await jobs.start(request), runId: request.name };
}

/** Why it is too early, or undefined. The first look at a bronze with rows is remembered; age counts from there. */
async function waitForBronze(event: JobEvent, deps: StartCycleDeps): Promise<string | undefined> {
  const { control, bronzeMinutes } = deps;
  const scheduledMs = Date.parse(event.scheduledTime);
  const seenMs = firstSeenMs(await control.get(controlKeys.bronzeSeen));
  if (seenMs === undefined) {
    if (!hasBronze(await control.get(controlKeys.bronzeSlot))) return "bronze has no rows yet";
    const firstSeen = { first_seen_at: new Date(scheduledMs).toISOString() };
    await control.putIfAbsent(controlKeys.bronzeSeen, JSON.stringify(firstSeen));
    return bronzeMinutes > 0 ? `bronze was first seen with rows now; ${bronzeMinutes} min are wanted` : undefined;
  }
  const ageMinutes = Math.floor((scheduledMs - seenMs) / 60_000);
  return ageMinutes < bronzeMinutes ? `bronze is ${ageMinutes} min old; ${bronzeMinutes} are wanted` : undefined;
}
