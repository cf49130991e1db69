import { beforeAll, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, packagedStage, propertiesOf, stackOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);

test("the Spark application costs nothing while idle, fits the account's quota, and runs one job at a time", () => {
  const application = propertiesOf(stack, "EmrApplication");
  expect(application).toMatchObject({
    Type: "SPARK",
    ReleaseLabel: "emr-7.12.0",
    AutoStopConfiguration: { Enabled: true, IdleTimeoutMinutes: 15 },
    SchedulerConfiguration: { MaxConcurrentRuns: 1 },
  });
  expect(application["InitialCapacity"]).toBeUndefined();
  // 16 vCPUs are the default quota over all applications of an account.
  expect(Number.parseInt(String(at(application, "MaximumCapacity.Cpu")), 10)).toBeLessThanOrEqual(16);
});

test("a run names the version of the job files that it uses", async () => {
  const { jobsVersion } = await packagedStage("dev");
  expect(jobsVersion).toMatch(/^[0-9a-f]{12}$/);
  expect(at(propertiesOf(stack, "StartJobLambdaFunction"), "Environment.Variables")).toMatchObject({
    JOBS_URI: `s3://wikilake-dev-stage-000000000000/jobs/${jobsVersion}/`,
    JOB_ROLE_ARN: "arn:aws:stand-in:::EmrJobRole",
    APPLICATION_ID: "ref:EmrApplication",
    CONTROL_BUCKET: "ref:StageBucket",
    LAKE_BUCKET: "ref:LakeBucket",
    DATABASE_PREFIX: "wikilake_dev",
  });
});
