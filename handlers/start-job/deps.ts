import { EMRServerlessClient } from "@aws-sdk/client-emr-serverless";
import { S3Client } from "@aws-sdk/client-s3";
import { createEmrJobService } from "../../lib/jobs/emr-job-service.ts";
import { createS3ControlStore } from "../../lib/jobs/s3-control-store.ts";
import type { StartCycleDeps } from "../../lib/jobs/start-cycle.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import type { StartJobConfig } from "./config.ts";

export function createDeps(config: StartJobConfig): StartCycleDeps {
  return {
    jobs: createEmrJobService(new EMRServerlessClient({}), {
      applicationId: config.APPLICATION_ID,
      roleArn: config.JOB_ROLE_ARN,
    }),
    control: createS3ControlStore(new S3Client({}), config.CONTROL_BUCKET),
    settings: {
      jobsUri: config.JOBS_URI,
      databasePrefix: config.DATABASE_PREFIX,
      lakeBucket: config.LAKE_BUCKET,
      controlBucket: config.CONTROL_BUCKET,
      region: config.AWS_REGION,
    },
    bronzeMinutes: config.BRONZE_MINUTES,
    log: createLogger({ base: { component: "start-job" } }),
  };
}
