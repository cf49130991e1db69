import { z } from "zod";

const configSchema = z.object({
  STAGE: z.string().min(1),
  STAGE_BUCKET: z.string().min(1),
  FAILURES_BUCKET: z.string().min(1),
  WORKGROUP: z.string().min(1),
  BRONZE_DATABASE: z.string().min(1),
  STAGE_DATABASE: z.string().min(1),
});
export type DeadLetterWriterConfig = z.infer<typeof configSchema>;

/** Throws ZodError that names every missing variable at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): DeadLetterWriterConfig {
  return configSchema.parse(env);
}
