import { z } from "zod";
import { AwsError, type AwsRequest, type AwsResponse, type AwsService, type Permission } from "../service.ts";
import type { Application } from "./application.ts";
import { describeRun, jobRunStates, startRequestSchema, summariseRun } from "./job-run.ts";
import type { JobRunner } from "./job-runner.ts";

const routes = [
  { method: "POST", path: "/applications/{applicationId}/jobruns", operation: "StartJobRun" },
  { method: "GET", path: "/applications/{applicationId}/jobruns", operation: "ListJobRuns" },
  { method: "GET", path: "/applications/{applicationId}/jobruns/{jobRunId}", operation: "GetJobRun" },
  { method: "DELETE", path: "/applications/{applicationId}/jobruns/{jobRunId}", operation: "CancelJobRun" },
  { method: "GET", path: "/applications/{applicationId}", operation: "GetApplication" },
  { method: "POST", path: "/applications/{applicationId}/start", operation: "StartApplication" },
  { method: "POST", path: "/applications/{applicationId}/stop", operation: "StopApplication" },
] as const;

/** EMR Serverless's API over real Spark drivers. */
export function createEmrServerlessService(runner: JobRunner): AwsService {
  return {
    name: "emr-serverless",
    protocol: "rest-json",
    routes,
    permissions: (request) => permissionsOf(request, runner),
    handle: async (request) => handle(request, runner),
  };
}

function permissionsOf(request: AwsRequest, runner: JobRunner): readonly Permission[] {
  const { arn } = runner.application(text(request, "applicationId"));
  const action = `emr-serverless:${request.operation}`;
  if (request.operation === "StartJobRun") {
    const context = { "iam:PassedToService": "emr-serverless.amazonaws.com" };
    return [
      { action, resource: arn },
      { action: "iam:PassRole", resource: text(request, "executionRoleArn"), context },
    ];
  }
  const isRun = request.operation === "GetJobRun" || request.operation === "CancelJobRun";
  return [{ action, resource: isRun ? `${arn}/jobruns/${text(request, "jobRunId")}` : arn }];
}

function handle(request: AwsRequest, runner: JobRunner): AwsResponse {
  const applicationId = text(request, "applicationId");
  switch (request.operation) {
    case "StartJobRun": {
      const parsed = startRequestSchema.safeParse(request.input);
      if (!parsed.success) throw new AwsError("ValidationException", z.prettifyError(parsed.error));
      const { jobRunId, arn } = runner.start(parsed.data, request.principal.arn);
      return { body: { applicationId, jobRunId, arn } };
    }
    case "GetJobRun":
      return { body: { jobRun: describeRun(runner.find(applicationId, text(request, "jobRunId"))) } };
    case "ListJobRuns":
      return { body: listRuns(request, runner, applicationId) };
    case "CancelJobRun": {
      const { jobRunId } = runner.cancel(applicationId, text(request, "jobRunId"));
      return { body: { applicationId, jobRunId } };
    }
    case "GetApplication":
      return { body: { application: describeApplication(runner.application(applicationId)) } };
    case "StartApplication":
    case "StopApplication":
      // Nothing runs between jobs here, so there is nothing to start or stop.
      return { body: {} };
    default:
      throw new AwsError(
        "UnknownOperationException",
        `emr-serverless ${request.operation} has no local counterpart`,
        404,
      );
  }
}

const listInput = z.object({
  states: z.union([z.enum(jobRunStates).transform((state) => [state]), z.array(z.enum(jobRunStates))]).optional(),
  createdAtAfter: z.coerce.date().optional(),
  createdAtBefore: z.coerce.date().optional(),
  maxResults: z.coerce.number().int().min(1).max(50).default(50),
  nextToken: z.string().optional(),
});

function listRuns(request: AwsRequest, runner: JobRunner, applicationId: string): Readonly<Record<string, unknown>> {
  const parsed = listInput.safeParse(request.input);
  if (!parsed.success) throw new AwsError("ValidationException", z.prettifyError(parsed.error));
  const { states, createdAtAfter, createdAtBefore, maxResults, nextToken } = parsed.data;
  const matching = runner
    .list(applicationId)
    .filter(
      ({ state, createdMs }) =>
        (states === undefined || states.includes(state)) &&
        (createdAtAfter === undefined || createdMs >= createdAtAfter.getTime()) &&
        (createdAtBefore === undefined || createdMs <= createdAtBefore.getTime()),
    )
    .toReversed();
  const from = Number(nextToken ?? 0);
  const page = matching.slice(from, from + maxResults);
  const more = from + page.length < matching.length ? { nextToken: String(from + page.length) } : {};
  return { jobRuns: page.map(summariseRun), ...more };
}

function describeApplication(app: Application): Readonly<Record<string, unknown>> {
  return {
    applicationId: app.id,
    name: app.name,
    arn: app.arn,
    releaseLabel: app.releaseLabel,
    type: "Spark",
    state: "STARTED",
    architecture: app.architecture,
    autoStartConfiguration: { enabled: app.startsItself },
    schedulerConfiguration: {
      maxConcurrentRuns: app.maxConcurrentRuns,
      queueTimeoutMinutes: app.queueTimeoutMs / 60_000,
    },
  };
}

function text(request: AwsRequest, key: string): string {
  const value = request.input[key];
  if (typeof value === "string" && value !== "") return value;
  throw new AwsError("ValidationException", `${key} is missing`);
}
