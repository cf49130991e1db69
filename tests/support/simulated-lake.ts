import { type LocalLake, startLake } from "../../local/run/start-lake.ts";
import type { StartLakeOptions } from "../../local/run/start-options.ts";
import { packageStage } from "../../scripts/package.ts";

/** A whole lake fed by the simulator, told on standard error how far it is. The caller stops it. */
export const startSimulatedLake = (
  options: Pick<StartLakeOptions, "stateDir" | "rate"> & Partial<StartLakeOptions>,
): Promise<LocalLake> =>
  startLake({
    source: { kind: "sim", sourceKind: "live" },
    once: true,
    overrides: { parameters: {}, shim: {} },
    signal: new AbortController().signal,
    progress: (line) => process.stderr.write(`${line}\n`),
    packageStage,
    ...options,
  });
