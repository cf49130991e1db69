import type { TaskOverrides } from "../aws/ecs/runtime.ts";
import type { Simulator } from "./simulator.ts";
import { defaultRate, simulatorHours } from "./simulator.ts";
import type { StartLakeOptions } from "./start-options.ts";

/** What a fresh lake on the simulator starts with, so that there is something to see at once. */
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
  const start = source.kind === "sim" ? simulatedStart(limit, rate ?? defaultRate) : {};
  const environment = {
    SOURCE_URL: url,
    SOURCE_KIND: source.sourceKind,
    ...pace,
    ...start,
    ...(limit ? { SOURCE_LIMIT: String(limit) } : {}),
  };
  return { environment: { ...environment, ...overrides.shim }, mayFinish: isOnce || source.kind === "file" };
}

/** A fresh lake starts a little in the past: with a limit far enough that all its events are there at once. */
function simulatedStart(limit: number | undefined, rate: number): Record<string, string> {
  const seconds = limit === undefined ? freshMinutes * 60 : Math.ceil((limit / rate) * 1.1) + 60;
  const start = new Date(Date.now() - Math.min(seconds, simulatorHours * 3600) * 1000);
  return { SOURCE_START: start.toISOString(), SOURCE_RETENTION_HOURS: String(simulatorHours) };
}
