import {
  type EMRServerlessClient,
  type JobRunSummary as EmrSummary,
  type JobRunState,
  ListJobRunsCommand,
  StartJobRunCommand,
} from "@aws-sdk/client-emr-serverless";
import { JobStartError } from "./errors.ts";
import { activeStates, type JobRequest, type JobRunSummary, type JobService } from "./job-service.ts";

export type EmrSettings = { readonly applicationId: string; readonly roleArn: string };

/** Runs of one EMR Serverless application. */
export function createEmrJobService(client: EMRServerlessClient, settings: EmrSettings): JobService {
  return {
    listActive: () => listActive(client, settings.applicationId),
    start: (request) => start(client, settings, request),
  };
}

async function listActive(client: EMRServerlessClient, applicationId: string): Promise<readonly JobRunSummary[]> {
  const found: JobRunSummary[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new ListJobRunsCommand({ applicationId, states: [...activeStates] satisfies JobRunState[], nextToken }),
    );
    found.push(...(page.jobRuns ?? []).map(summaryOf));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return found;
}

const summaryOf = (run: EmrSummary): JobRunSummary => ({
  id: run.id ?? "",
  name: run.name ?? "",
  state: run.state ?? "",
});

async function start(client: EMRServerlessClient, settings: EmrSettings, request: JobRequest): Promise<string> {
  try {
    const { jobRunId } = await client.send(
      new StartJobRunCommand({
        applicationId: settings.applicationId,
        clientToken: request.clientToken,
        executionRoleArn: settings.roleArn,
        name: request.name,
        executionTimeoutMinutes: request.timeoutMinutes,
        tags: { ...request.tags },
        jobDriver: {
          sparkSubmit: {
            entryPoint: request.entryPoint,
            entryPointArguments: [...request.entryPointArguments],
            sparkSubmitParameters: request.sparkSubmitParameters,
          },
        },
      }),
    );
    if (jobRunId === undefined) throw new Error("the answer holds no job run id");
    return jobRunId;
  } catch (error) {
    throw new JobStartError(`${request.name} could not be started`, error);
  }
}
