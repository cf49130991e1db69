import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readApplication } from "../../../../local/aws/emr-serverless/application.ts";
import { startRequestSchema } from "../../../../local/aws/emr-serverless/job-run.ts";
import {
  createJobRunner,
  type JobRunner,
  type JobStateEvent,
} from "../../../../local/aws/emr-serverless/job-runner.ts";
import { AwsError } from "../../../../local/aws/service.ts";
import { createClock } from "../../../../local/aws/unit.ts";
import { installEngines } from "../../../../local/engines/install-engines.ts";
import { parentWatchOption, sparkOf } from "../../../../local/engines/spark-installation.ts";
import { startTestEngines, type TestEngines } from "../../../support/engines.ts";
import { writeFixtureZip } from "../../../support/fixture-zip.ts";

const roleArn = "arn:aws:iam::000000000000:role/job";
const main = `
import os, sys, time
from pyspark.sql import SparkSession
from wiki.rows import rows
spark = SparkSession.builder.getOrCreate()
if sys.argv[1] == "sleep":
    time.sleep(600)
if sys.argv[1] == "fail":
    raise ValueError("no such window")
spark.sql("CREATE NAMESPACE IF NOT EXISTS lake.wikilake_test_silver")
spark.createDataFrame(rows(int(sys.argv[2])), "n int, at timestamp").writeTo("lake.wikilake_test_silver.t").createOrReplace()
print("count", spark.table("lake.wikilake_test_silver.t").count(), spark.conf.get("spark.sql.session.timeZone"), os.environ["STAGE"], os.environ.get("WIKILAKE_PARENT_ONLY"))
spark.stop()
`;
const module = `
from datetime import datetime
def rows(count):
    return [(n, datetime(2026, 11, 21)) for n in range(count)]
`;

jest.setTimeout(240_000);
let started: TestEngines<"s3" | "catalog">;
let runner: JobRunner;
let applicationId = "";
const events: JobStateEvent[] = [];

beforeAll(async () => {
  process.env["WIKILAKE_PARENT_ONLY"] = "secret";
  started = await startTestEngines({ only: ["s3", "catalog"] });
  const installation = await installEngines({ progress: () => {} });
  const spark = await sparkOf(installation);
  const zip = writeFixtureZip(path.join(started.stateDir, "jobs.zip"), {
    "wiki/__init__.py": "",
    "wiki/rows.py": module,
  });
  const objects: Record<string, Buffer> = { "runner/main.py": Buffer.from(main), "jobs.zip": readFileSync(zip) };
  const { s3, catalog } = started.engines;
  runner = createJobRunner({
    stateDir: started.stateDir,
    spark: { ...spark, driverJavaOptions: [parentWatchOption(installation)] },
    lakeFor: () => ({
      catalogUri: catalog.uri,
      s3Endpoint: s3.endpoint,
      accessKeyId: s3.accessKeyId,
      secretAccessKey: s3.secretAccessKey,
    }),
    environmentFor: () => ({}),
    getObject: async (_principal, bucket, key) => {
      const found = objects[key];
      if (bucket === "stage" && found !== undefined) return found;
      throw new AwsError("AccessDenied", `s3:GetObject on ${bucket}/${key}`, 403);
    },
    assumeRole: async (_service, arn) => ({ arn, roleId: "JobRole" }),
    clock: createClock(),
    onStateChange: (event) => events.push(event),
  });
  const application = readApplication({
    logicalId: "App",
    type: "AWS::EMRServerless::Application",
    properties: {
      Name: "app",
      Type: "SPARK",
      ReleaseLabel: "emr-7.12.0",
      SchedulerConfiguration: { MaxConcurrentRuns: 1, QueueTimeoutMinutes: 60 },
    },
  });
  applicationId = application.id;
  runner.register(application);
});
afterAll(async () => {
  await runner.stop();
  await started.close();
});

const start = (token: string, args: readonly string[], change: Record<string, unknown> = {}) =>
  runner.start(
    startRequestSchema.parse({
      applicationId,
      clientToken: token,
      executionRoleArn: roleArn,
      name: token,
      jobDriver: {
        sparkSubmit: {
          entryPoint: "s3://stage/runner/main.py",
          entryPointArguments: args,
          sparkSubmitParameters:
            "--conf spark.submit.pyFiles=s3://stage/jobs.zip --conf spark.executor.instances=9 --conf spark.sql.catalog.lake.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog --conf spark.emr-serverless.driverEnv.STAGE=test",
          ...change,
        },
      },
    }),
    "arn:aws:iam::000000000000:role/start-job",
  );

describe("a job on real Spark", () => {
  test("writes to the lake, one run at a time, and tells its states", async () => {
    const startedAt = performance.now();
    const first = start("first", ["load", "25"]);
    const second = start("second", ["fail"]);
    expect(second.state).toBe("QUEUED");
    const run = await runner.finished(first.jobRunId);
    process.stdout.write(`one run: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    const logDir = path.join(started.stateDir, "logs", "jobs", first.jobRunId);
    const errors = readFileSync(path.join(logDir, "stderr.log"), "utf8");
    expect({ state: run.state, details: run.stateDetails, errors: run.state === "SUCCESS" ? "" : errors }).toEqual({
      state: "SUCCESS",
      details: "",
      errors: "",
    });
    expect(readFileSync(path.join(logDir, "stdout.log"), "utf8")).toContain("count 25 UTC test None");
    const states = events
      .filter(({ detail }) => detail["jobRunId"] === first.jobRunId)
      .map(({ detail }) => detail["state"]);
    expect(states).toEqual(["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "SUCCESS"]);
    const failed = await runner.finished(second.jobRunId);
    expect(failed.state).toBe("FAILED");
    expect(failed.stateDetails).toMatch(/ExitCode: 1\..*ValueError: no such window/);
  });

  test("is cancelled while it runs", async () => {
    const run = start("cancelled", ["sleep"]);
    while (runner.find(applicationId, run.jobRunId).state !== "RUNNING")
      await new Promise((wait) => setTimeout(wait, 50));
    await new Promise((wait) => setTimeout(wait, 2000));
    expect(runner.cancel(applicationId, run.jobRunId).state).toBe("CANCELLING");
    expect((await runner.finished(run.jobRunId)).state).toBe("CANCELLED");
  });

  test("whose role may not read its program fails with the refusal", async () => {
    const run = start("refused", ["load"], { entryPoint: "s3://other/main.py" });
    const { state, stateDetails } = await runner.finished(run.jobRunId);
    expect([state, stateDetails]).toEqual(["FAILED", "Job failed to start. s3:GetObject on other/main.py"]);
  });
});
