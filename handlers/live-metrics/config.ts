import { z } from "zod";

const configSchema = z.object({
  STAGE: z.string().min(1),
  STAGE_BUCKET: z.string().min(1),
  WORKGROUP: z.string().min(1),
  BRONZE_DATABASE: z.string().min(1),
  LIVE_DATABASE: z.string().min(1),
});
export type LiveMetricsConfig = z.infer<typeof configSchema>;

/** Throws ZodError that names every missing variable at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): LiveMetricsConfig {
  return configSchema.parse(env);
}
