import { z } from "zod";

const configSchema = z.object({
  STAGE: z.string().min(1),
  APPLICATION_ID: z.string().min(1),
  JOB_ROLE_ARN: z.string().startsWith("arn:"),
  JOBS_URI: z.string().regex(/^s3:\/\/.+\/$/, "an s3 uri that ends with /"),
  CONTROL_BUCKET: z.string().min(1),
  LAKE_BUCKET: z.string().min(1),
  DATABASE_PREFIX: z.string().regex(/^[a-z_][a-z0-9_]*$/),
  AWS_REGION: z.string().min(1),
  /** Minutes of bronze before the first cycle. */
  BRONZE_MINUTES: z.coerce.number().int().min(0).max(1440).default(15),
});
export type StartJobConfig = z.infer<typeof configSchema>;

/** Throws ZodError that names every missing or wrong variable at once. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): StartJobConfig {
  return configSchema.parse(env);
}
