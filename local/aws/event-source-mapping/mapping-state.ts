import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { MappingConfig } from "./mapping-config.ts";

const stateSchema = z.object({
  isEnabled: z.boolean(),
  reason: z.string(),
  /** sha256 of the template's properties: a deployment that changes a mapping brings its own Enabled. */
  fingerprint: z.string(),
  changedMs: z.number(),
});
export type MappingState = z.infer<typeof stateSchema>;

/** Whether a mapping polls, kept over restarts. */
export type MappingStates = {
  load(config: MappingConfig, nowMs: number): MappingState;
  save(config: MappingConfig, state: MappingState): void;
};

/** Files below `<stateDir>/runtime/event-source-mapping/`. */
export function createMappingStates(stateDir: string): MappingStates {
  const dir = path.join(stateDir, "runtime", "event-source-mapping");
  mkdirSync(dir, { recursive: true });
  const fileOf = (config: MappingConfig): string => path.join(dir, `${config.uuid}.json`);
  const save = (config: MappingConfig, state: MappingState): void => {
    writeFileSync(`${fileOf(config)}.new`, JSON.stringify(state));
    renameSync(`${fileOf(config)}.new`, fileOf(config));
  };
  return {
    save,
    load: (config, nowMs) => {
      const fingerprint = createHash("sha256").update(JSON.stringify(config.properties)).digest("hex");
      const file = fileOf(config);
      const known = existsSync(file) ? stateSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
      if (known?.fingerprint === fingerprint) return known;
      const state = { isEnabled: config.isEnabled, reason: "USER_INITIATED", fingerprint, changedMs: nowMs };
      save(config, state);
      return state;
    },
  };
}
