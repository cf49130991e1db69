import type { TaskOverrides } from "../aws/ecs/runtime.ts";
import type { Simulator } from "./simulator.ts";
import { defaultRate, simulatorHours } from "./simulator.ts";
import type { StartLakeOptions } from "./start-options.ts";

/**
 * What a fresh lake starts with, so that there is something to see at once. Deployed, the shim asks for the oldest time
 * allowed; here that would be a week of the live feed, 21 million events, for somebody who wants a look.
 */
const freshMinutes = 5;

/** What decides it. */
export type RunSettings = Pick<StartLakeOptions, "source" | "once" | "limit" | "rate" | "overrides">;

/** What this run sets over the template's environment of the shim: the source, nothing else. */
export function shimOverrides(
  { source, once: isOnce, limit, rate, overrides }: RunSettings,
  simulator: Simulator | undefined,
): TaskOverrides {
  const url = source.kind === "sim" ? (simulator?.url ?? "") : source.url;
  const pace = source.kind === "file" && rate !== undefined ? { SOURCE_RATE: String(rate) } : {};
  const start = source.kind === "file" ? {} : freshStart(limit, rate ?? defaultRate);
  const retention = source.kind === "sim" ? { SOURCE_RETENTION_HOURS: String(simulatorHours) } : {};
  const environment = {
    SOURCE_URL: url,
    SOURCE_KIND: source.sourceKind,
    ...pace,
    ...start,
    ...retention,
    ...(limit ? { SOURCE_LIMIT: String(limit) } : {}),
  };
  return { environment: { ...environment, ...overrides.shim }, mayFinish: isOnce || source.kind === "file" };
}

/** With a limit far enough back that all its events are there at once. A lake that has a cursor goes on from there. */
function freshStart(limit: number | undefined, rate: number): Record<string, string> {
  const seconds = limit === undefined ? freshMinutes * 60 : Math.ceil((limit / rate) * 1.1) + 60;
  return { SOURCE_START: new Date(Date.now() - Math.min(seconds, simulatorHours * 3600) * 1000).toISOString() };
}
