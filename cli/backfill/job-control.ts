import { EMRServerlessClient, GetJobRunCommand, ListApplicationsCommand } from "@aws-sdk/client-emr-serverless";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { z } from "zod";
import { WikilakeError } from "../../lib/platform/errors.ts";
import type { Target } from "../target.ts";

const verdictSchema = z.union([
  z.object({ verdict: z.enum(["started", "already_started"]), jobRunId: z.string(), runId: z.string() }),
  z.object({ verdict: z.enum(["held", "paused", "busy", "waiting_for_bronze"]), reason: z.string() }),
]);
/** What start-job says. */
export type StartAnswer = z.infer<typeof verdictSchema>;
export type JobState = { readonly state: string; readonly details: string };

/** Starts jobs as the schedule does, through start-job, and looks at them. */
export type JobControl = {
  start(event: Readonly<Record<string, unknown>>): Promise<StartAnswer>;
  state(jobRunId: string): Promise<JobState>;
};

/** Throws JOB_START_FAILED when the function refuses the event, NO_APPLICATION when the stage has none. */
export function createJobControl(
  { stage, region }: Target,
  lambda = new LambdaClient({ region }),
  emr = new EMRServerlessClient({ region }),
): JobControl {
  let application: Promise<string> | undefined;
  return {
    start: async (event) => {
      const answer = await lambda.send(
        new InvokeCommand({ FunctionName: `wikilake-${stage}-startJob`, Payload: Buffer.from(JSON.stringify(event)) }),
      );
      const text = answer.Payload?.transformToString() ?? "";
      const parsed = answer.FunctionError === undefined ? verdictSchema.safeParse(parseJson(text)) : undefined;
      if (parsed?.success) return parsed.data;
      throw new WikilakeError("JOB_START_FAILED", `start-job did not take the run: ${text.slice(0, 500)}`, {
        retriable: false,
      });
    },
    state: async (jobRunId) => {
      application ??= findApplication(emr, stage);
      const { jobRun } = await emr.send(new GetJobRunCommand({ applicationId: await application, jobRunId }));
      return { state: jobRun?.state ?? "UNKNOWN", details: jobRun?.stateDetails ?? "" };
    },
  };
}

async function findApplication(emr: EMRServerlessClient, stage: string): Promise<string> {
  let nextToken: string | undefined;
  do {
    const page = await emr.send(new ListApplicationsCommand({ nextToken }));
    const found = page.applications?.find(({ name }) => name === `wikilake-${stage}`);
    if (found?.id !== undefined) return found.id;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  throw new WikilakeError("NO_APPLICATION", `no job application is named wikilake-${stage}`, { retriable: false });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
