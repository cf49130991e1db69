import { createHash } from "node:crypto";
import { z } from "zod";
import { arn } from "../account.ts";
import type { ResolvedResource } from "../resource.ts";
import { AwsError } from "../service.ts";

const number = z.coerce.number();

const applicationProperties = z.object({
  Name: z.string(),
  Type: z.string().refine((type) => type.toUpperCase() === "SPARK", "only Spark applications have a local counterpart"),
  ReleaseLabel: z.string(),
  Architecture: z.string().default("X86_64"),
  AutoStartConfiguration: z.object({ Enabled: z.boolean().default(true) }).default({ Enabled: true }),
  SchedulerConfiguration: z
    .object({
      MaxConcurrentRuns: number.int().min(1).max(1000).default(15),
      QueueTimeoutMinutes: number.int().min(15).max(720).default(360),
    })
    .optional(),
});

export type Application = {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly releaseLabel: string;
  readonly architecture: string;
  readonly startsItself: boolean;
  readonly maxConcurrentRuns: number;
  readonly queueTimeoutMs: number;
};

/** Reads an application of the template; its id is the same at each start. Throws ValidationException. */
export function readApplication(resource: ResolvedResource): Application {
  const parsed = applicationProperties.safeParse(resource.properties);
  if (!parsed.success) {
    throw new AwsError("ValidationException", `${resource.logicalId}: ${z.prettifyError(parsed.error)}`);
  }
  const given = parsed.data;
  const id = `00${createHash("sha256").update(`application ${resource.logicalId}`).digest("hex").slice(0, 14)}`;
  return {
    id,
    arn: arn("emr-serverless", `/applications/${id}`),
    name: given.Name,
    releaseLabel: given.ReleaseLabel,
    architecture: given.Architecture,
    startsItself: given.AutoStartConfiguration.Enabled,
    // Without a scheduler configuration AWS has no queue and the account's quota as its limit.
    maxConcurrentRuns: given.SchedulerConfiguration?.MaxConcurrentRuns ?? 15,
    queueTimeoutMs: (given.SchedulerConfiguration?.QueueTimeoutMinutes ?? 360) * 60_000,
  };
}
