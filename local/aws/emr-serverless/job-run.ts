import { z } from "zod";

export const jobRunStates = [
  "SUBMITTED",
  "PENDING",
  "SCHEDULED",
  "RUNNING",
  "SUCCESS",
  "FAILED",
  "CANCELLING",
  "CANCELLED",
  "QUEUED",
] as const;
export type JobRunState = (typeof jobRunStates)[number];

const finalStates: readonly JobRunState[] = ["SUCCESS", "FAILED", "CANCELLED"];
export const isFinal = (state: JobRunState): boolean => finalStates.includes(state);

/** What a caller gives to StartJobRun, as far as it is used here. */
export const startRequestSchema = z.object({
  applicationId: z.string(),
  clientToken: z.string().min(1).max(64),
  executionRoleArn: z.string(),
  name: z.string().max(256).optional(),
  mode: z.literal("BATCH", { error: "only BATCH jobs have a local counterpart" }).default("BATCH"),
  jobDriver: z.object({
    sparkSubmit: z.object({
      entryPoint: z.string().regex(/^s3:\/\/[^/]+\/.+/, "must be an s3:// address"),
      entryPointArguments: z.array(z.string()).default([]),
      sparkSubmitParameters: z.string().default(""),
    }),
  }),
  configurationOverrides: z
    .object({
      applicationConfiguration: z
        .array(z.object({ classification: z.string(), properties: z.record(z.string(), z.string()).default({}) }))
        .optional(),
      monitoringConfiguration: z.unknown().optional(),
    })
    .optional(),
  executionTimeoutMinutes: z.number().int().min(1).max(10_080).default(720),
  tags: z.record(z.string(), z.string()).default({}),
  retryPolicy: z.object({ maxAttempts: z.literal(1).optional() }).optional(),
});
export type StartRequest = z.infer<typeof startRequestSchema>;

/** One run as it is kept on disk. Times are milliseconds since the epoch. */
export const jobRunSchema = z.object({
  jobRunId: z.string(),
  arn: z.string(),
  createdBy: z.string(),
  request: startRequestSchema,
  releaseLabel: z.string(),
  state: z.enum(jobRunStates),
  stateDetails: z.string(),
  createdMs: z.number(),
  updatedMs: z.number(),
  startedMs: z.number().optional(),
  endedMs: z.number().optional(),
});
export type JobRun = z.infer<typeof jobRunSchema>;

/** A local run: one driver of two cores and 2 GB (heap, overhead and Python), as billing would see it. */
const workerVcpus = 2;
const workerGb = 2;
const hourMs = 3_600_000;

const seconds = (ms: number): number => ms / 1000;

/** GetJobRun's `jobRun`. */
export function describeRun(run: JobRun): Readonly<Record<string, unknown>> {
  const durationMs = run.startedMs === undefined ? 0 : (run.endedMs ?? run.updatedMs) - run.startedMs;
  const hours = durationMs / hourMs;
  const utilization = { vCPUHour: hours * workerVcpus, memoryGBHour: hours * workerGb, storageGBHour: 0 };
  const { request } = run;
  return {
    applicationId: request.applicationId,
    jobRunId: run.jobRunId,
    arn: run.arn,
    name: request.name,
    createdBy: run.createdBy,
    createdAt: seconds(run.createdMs),
    updatedAt: seconds(run.updatedMs),
    startedAt: run.startedMs === undefined ? undefined : seconds(run.startedMs),
    endedAt: run.endedMs === undefined ? undefined : seconds(run.endedMs),
    executionRole: request.executionRoleArn,
    state: run.state,
    stateDetails: run.stateDetails,
    releaseLabel: run.releaseLabel,
    configurationOverrides: request.configurationOverrides,
    jobDriver: request.jobDriver,
    tags: request.tags,
    mode: request.mode,
    executionTimeoutMinutes: request.executionTimeoutMinutes,
    totalExecutionDurationSeconds: Math.round(seconds(durationMs)),
    totalResourceUtilization: utilization,
    billedResourceUtilization: utilization,
  };
}

/** One entry of ListJobRuns. */
export function summariseRun(run: JobRun): Readonly<Record<string, unknown>> {
  const {
    jobRunId,
    applicationId,
    name,
    arn,
    createdBy,
    createdAt,
    updatedAt,
    executionRole,
    state,
    stateDetails,
    mode,
  } = describeRun(run);
  const { releaseLabel } = run;
  const who = { applicationId, id: jobRunId, name, arn, createdBy, createdAt, updatedAt, executionRole };
  return { ...who, state, stateDetails, releaseLabel, mode, type: "Spark" };
}
