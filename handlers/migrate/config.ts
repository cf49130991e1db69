import { z } from "zod";

const configSchema = z.object({
  WORKGROUP: z.string().min(1),
  DATABASE_PREFIX: z.string().regex(/^[a-z][a-z0-9_]*$/),
  LAKE_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9.-]+$/),
});
export type MigrateConfig = z.infer<typeof configSchema>;

/** Throws ZodError that names every missing or unusable variable at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): MigrateConfig {
  return configSchema.parse(env);
}
