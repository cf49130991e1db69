import { controlKeys, type PipelineState, pipelineStateSchema } from "../../lib/jobs/control-state.ts";

/** The control objects of a stage. */
export type ControlObjects = {
  /** undefined when there is none. */
  get(key: string): Promise<string | undefined>;
  put(key: string, body: string): Promise<void>;
};

export type Resumed =
  | { readonly kind: "resumed"; readonly failures: number; readonly reason: string }
  | { readonly kind: "not_held"; readonly failures: number };

/** What drift is judged against; the job writes it. Empty: compare with nothing until a week of days has been seen. */
const baselinesKey = "control/baselines.json";
const noBaselines = JSON.stringify({ version: 1, runs: 0, days: {} });

type Options = { readonly newBaselines: boolean; readonly nowMs: number };

/**
 * Lets a held pipeline run again, its failures counted from zero. The next cycle takes up the increment that was refused:
 * nothing is skipped. `newBaselines` also drops what drift is judged against, for a history that is lost or no longer fits.
 */
export async function resumePipeline(objects: ControlObjects, { newBaselines, nowMs }: Options): Promise<Resumed> {
  const before = readState(await objects.get(controlKeys.pipeline));
  if (newBaselines) await objects.put(baselinesKey, noBaselines);
  if (before.state === "running" && before.failures === 0) return { kind: "not_held", failures: 0 };
  const state = { state: "running", failures: 0, updated_at: new Date(nowMs).toISOString() };
  await objects.put(controlKeys.pipeline, JSON.stringify(state));
  if (before.state === "running") return { kind: "not_held", failures: before.failures };
  return { kind: "resumed", failures: before.failures, reason: before.reason ?? "" };
}

/** What cannot be read holds the pipeline, so that it is what is resumed. */
function readState(text: string | undefined): PipelineState {
  if (text === undefined) return { state: "running", failures: 0 };
  try {
    return pipelineStateSchema.parse(JSON.parse(text));
  } catch {
    return { state: "held", failures: 0, reason: `${controlKeys.pipeline} could not be read` };
  }
}
