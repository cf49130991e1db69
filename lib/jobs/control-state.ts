import { z } from "zod";

/** Keys in the stage bucket. `pipeline` is the job's finding, `desired` a person's wish: neither overwrites the other. */
export const controlKeys = {
  pipeline: "control/pipeline.json",
  desired: "control/desired.json",
  bronzeSeen: "control/bronze-first-seen.json",
  /** Written by the bronze writer; read here to know that bronze has rows. */
  bronzeSlot: "commit/bronze.json",
} as const;

/** Written by the Spark job: held after dq.halt_after failed gates in a row. `wikilake resume` writes running, 0. */
export const pipelineStateSchema = z.looseObject({
  state: z.enum(["running", "held"]),
  failures: z.int().nonnegative(),
  reason: z.string().optional(),
  run_id: z.string().optional(),
  updated_at: z.string().optional(),
});
export type PipelineState = z.infer<typeof pipelineStateSchema>;

/** Written by a person's command. Missing means: everything is wanted. */
export const desiredStateSchema = z.looseObject({ paused: z.boolean().default(false), reason: z.string().optional() });

const bronzeSeenSchema = z.looseObject({ first_seen_at: z.iso.datetime() });
const slotSchema = z.looseObject({ epoch: z.number().int().nonnegative() });

export type Stop = { readonly kind: "held" | "paused"; readonly reason: string };

/** Why no run may start, from the two texts; an unreadable one stops, because it cannot say that nothing was wished. */
export function findStop(pipelineText: string | undefined, desiredText: string | undefined): Stop | undefined {
  const pipeline = parse(pipelineStateSchema, pipelineText);
  if (pipeline === "unreadable") return { kind: "held", reason: `${controlKeys.pipeline} cannot be read` };
  if (pipeline?.state === "held") return { kind: "held", reason: pipeline.reason ?? "held" };
  const desired = parse(desiredStateSchema, desiredText);
  if (desired === "unreadable") return { kind: "paused", reason: `${controlKeys.desired} cannot be read` };
  if (desired?.paused) return { kind: "paused", reason: desired.reason ?? "paused" };
  return undefined;
}

/** Whether bronze has ever been committed to: its slot counts epochs. */
export function hasBronze(slotText: string | undefined): boolean {
  const slot = parse(slotSchema, slotText);
  return slot !== undefined && slot !== "unreadable" && slot.epoch > 0;
}

/** Milliseconds since the epoch at which bronze was first seen with rows; undefined when nobody has looked yet. */
export function firstSeenMs(text: string | undefined): number | undefined {
  const seen = parse(bronzeSeenSchema, text);
  return seen === undefined || seen === "unreadable" ? undefined : Date.parse(seen.first_seen_at);
}

function parse<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined | "unreadable" {
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return "unreadable";
  }
}
