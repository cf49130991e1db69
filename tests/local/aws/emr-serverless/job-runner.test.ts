import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readApplication } from "../../../../local/aws/emr-serverless/application.ts";
import type { JobRun } from "../../../../local/aws/emr-serverless/job-run.ts";
import {
  createJobRunner,
  type JobRunner,
  type JobStateEvent,
} from "../../../../local/aws/emr-serverless/job-runner.ts";
import { createEmrServerlessService } from "../../../../local/aws/emr-serverless/service.ts";
import { parseSubmitParameters } from "../../../../local/aws/emr-serverless/submit-parameters.ts";
import { AwsError, type AwsService } from "../../../../local/aws/service.ts";
import { createClock } from "../../../../local/aws/unit.ts";

const roleArn = "arn:aws:iam::000000000000:role/job";
const principal = { arn: "arn:aws:iam::000000000000:role/start-job", roleId: "StartJobRole" };
const app = readApplication({
  logicalId: "App",
  type: "AWS::EMRServerless::Application",
  properties: {
    Name: "app",
    Type: "SPARK",
    ReleaseLabel: "emr-7.12.0",
    SchedulerConfiguration: { MaxConcurrentRuns: 1 },
  },
});
/** Stands for Java: its last argument says what the driver does. */
const fakeJava = `#!/bin/sh
for last; do true; done
echo "$@"
env
case "$last" in
  sleep) trap 'exit 143' TERM; sleep 60 & wait;;
  fail) echo "Traceback"; echo "ValueError: no window" >&2; exit 1;;
esac
`;

let stateDir = "";
let runner: JobRunner;
let api: AwsService;
let events: JobStateEvent[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-emr-"));
  mkdirSync(path.join(stateDir, "java", "bin"), { recursive: true });
  writeFileSync(path.join(stateDir, "java", "bin", "java"), fakeJava);
  chmodSync(path.join(stateDir, "java", "bin", "java"), 0o755);
  events = [];
  open();
});
afterEach(async () => {
  await runner.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

function open(speed = 1): void {
  runner = createJobRunner({
    stateDir,
    clock: createClock(speed),
    spark: {
      python: "/python",
      sparkHome: "/spark",
      javaHome: path.join(stateDir, "java"),
      jars: ["/jars/iceberg.jar"],
    },
    lakeFor: ({ roleId }) => ({
      catalogUri: "http://127.0.0.1:1",
      s3Endpoint: "http://127.0.0.1:2",
      accessKeyId: `key-of-${roleId}`,
      secretAccessKey: "s",
    }),
    environmentFor: ({ roleId }) => ({ AWS_ACCESS_KEY_ID: `key-of-${roleId}` }),
    getObject: async (_, bucket) => {
      if (bucket !== "stage") throw new AwsError("AccessDenied", `s3:GetObject on ${bucket}`, 403);
      return Buffer.from("print()");
    },
    assumeRole: async (service, arn) => {
      if (service !== "emr-serverless.amazonaws.com" || arn !== roleArn)
        throw new AwsError("AccessDenied", "no trust", 403);
      return { arn, roleId: "JobRole" };
    },
    onStateChange: (event) => events.push(event),
  });
  runner.register(app);
  api = createEmrServerlessService(runner);
}

const request = (token: string, action: string, change: Record<string, unknown> = {}) => ({
  applicationId: app.id,
  clientToken: token,
  executionRoleArn: roleArn,
  jobDriver: {
    sparkSubmit: {
      entryPoint: "s3://stage/jobs/1/runner/main.py",
      entryPointArguments: ["cycle", action],
      sparkSubmitParameters:
        "--conf spark.submit.pyFiles=s3://stage/jobs/1/jobs.zip --conf spark.sql.ansi.enabled=true",
    },
  },
  ...change,
});
const ask = async (operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>> =>
  (await api.handle({ operation, input, principal })).body as Record<string, unknown>;
const start = async (...input: Parameters<typeof request>): Promise<string> =>
  String((await ask("StartJobRun", request(...input)))["jobRunId"]);
const stateOf = async (jobRunId: string): Promise<unknown> =>
  ((await ask("GetJobRun", { applicationId: app.id, jobRunId }))["jobRun"] as Record<string, unknown>)["state"];
async function reaches(jobRunId: string, state: JobRun["state"]): Promise<void> {
  while (runner.find(app.id, jobRunId).state !== state) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("a job run", () => {
  test("starts Spark on the local lake with its role's keys, its files and its arguments", async () => {
    const id = await start("a", "ok");
    expect((await runner.finished(id)).state).toBe("SUCCESS");
    const out = readFileSync(path.join(stateDir, "logs", "jobs", id, "stdout.log"), "utf8");
    for (const part of [
      "org.apache.spark.deploy.SparkSubmit",
      "spark.master=local[2]",
      "spark.sql.ansi.enabled=true",
      "spark.sql.catalog.lake.uri=http://127.0.0.1:1",
      "spark.sql.catalog.lake.s3.access-key-id=key-of-JobRole",
      "spark.sql.session.timeZone=UTC",
      "/jars/iceberg.jar",
      "main.py cycle ok",
      "AWS_ACCESS_KEY_ID=key-of-JobRole",
      "PYSPARK_PYTHON=/python",
    ]) {
      expect(out).toContain(part);
    }
    expect(out).toMatch(/--py-files \S+jobs\.zip/);
    expect(out).not.toContain("JEST_WORKER_ID");
    expect(existsSync(path.join(stateDir, "runtime", "emr", "work", id))).toBe(false);
  });

  test("with the same token and request is the same run, and with another request is refused", async () => {
    const id = await start("a", "ok");
    expect(await start("a", "ok")).toBe(id);
    await expect(start("a", "fail")).rejects.toMatchObject({ code: "ConflictException" });
    await runner.finished(id);
    expect(await start("a", "ok")).toBe(id);
  });

  test("waits its turn, and can be cancelled before it comes", async () => {
    const first = await start("a", "sleep");
    const second = await start("b", "ok");
    expect(await stateOf(second)).toBe("QUEUED");
    await ask("CancelJobRun", { applicationId: app.id, jobRunId: second });
    expect(await stateOf(second)).toBe("CANCELLED");
    const third = await start("c", "ok");
    await reaches(first, "RUNNING");
    await ask("CancelJobRun", { applicationId: app.id, jobRunId: first });
    expect((await runner.finished(first)).state).toBe("CANCELLED");
    expect((await runner.finished(third)).state).toBe("SUCCESS");
    await expect(ask("CancelJobRun", { applicationId: app.id, jobRunId: third })).rejects.toMatchObject({
      code: "ValidationException",
    });
  });

  test("that fails says why, and each change of state is an event", async () => {
    const id = await start("a", "fail");
    const run = await runner.finished(id);
    expect([run.state, run.stateDetails]).toEqual([
      "FAILED",
      expect.stringMatching(/ExitCode: 1.*ValueError: no window/),
    ]);
    expect(events.map(({ detail }) => [detail["previousState"], detail["state"]])).toEqual([
      ["", "SUBMITTED"],
      ["SUBMITTED", "PENDING"],
      ["PENDING", "SCHEDULED"],
      ["SCHEDULED", "RUNNING"],
      ["RUNNING", "FAILED"],
    ]);
    expect(events[0]).toMatchObject({ source: "aws.emr-serverless", detail: { applicationId: app.id, jobRunId: id } });
  });

  test("above its execution timeout is cancelled", async () => {
    open(300);
    const id = await start("a", "sleep", { executionTimeoutMinutes: 1 });
    expect(await runner.finished(id)).toMatchObject({
      state: "CANCELLED",
      stateDetails: "Job run exceeded its execution timeout",
    });
  });

  test("that ran when the runtime ended is failed after the restart", async () => {
    const id = await start("a", "sleep");
    const waiting = await start("b", "ok");
    await reaches(id, "RUNNING");
    await runner.stop();
    expect(runner.find(app.id, id).state).toBe("FAILED");
    open();
    expect([await stateOf(id), await stateOf(waiting)]).toEqual(["FAILED", "FAILED"]);
    expect(await start("a", "sleep")).toBe(id);
  });

  test("whose role or files are out of reach fails with the refusal", async () => {
    const role = await runner.finished(await start("a", "ok", { executionRoleArn: "arn:other" }));
    expect(role).toMatchObject({ state: "FAILED", stateDetails: "Job failed to start. no trust" });
    const { jobDriver } = request("b", "ok");
    const file = { sparkSubmit: { ...jobDriver.sparkSubmit, entryPoint: "s3://other/main.py" } };
    const read = await runner.finished(await start("b", "ok", { jobDriver: file }));
    expect(read.stateDetails).toBe("Job failed to start. s3:GetObject on other");
  });
});

describe("the API", () => {
  test("asks IAM for the run and for passing the role", async () => {
    expect(await api.permissions({ operation: "StartJobRun", input: request("a", "ok"), principal })).toEqual([
      { action: "emr-serverless:StartJobRun", resource: app.arn },
      {
        action: "iam:PassRole",
        resource: roleArn,
        context: { "iam:PassedToService": "emr-serverless.amazonaws.com" },
      },
    ]);
    expect(
      await api.permissions({ operation: "GetJobRun", input: { applicationId: app.id, jobRunId: "1" }, principal }),
    ).toEqual([{ action: "emr-serverless:GetJobRun", resource: `${app.arn}/jobruns/1` }]);
  });

  test("lists runs newest first, by state and in pages", async () => {
    const ok = await start("a", "ok");
    await runner.finished(ok);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const failed = await start("b", "fail");
    await runner.finished(failed);
    const ids = (body: Record<string, unknown>) => (body["jobRuns"] as { id: string }[]).map(({ id }) => id);
    expect(ids(await ask("ListJobRuns", { applicationId: app.id }))).toEqual([failed, ok]);
    expect(ids(await ask("ListJobRuns", { applicationId: app.id, states: "SUCCESS" }))).toEqual([ok]);
    const page = await ask("ListJobRuns", { applicationId: app.id, maxResults: "1" });
    expect([ids(page), page["nextToken"]]).toEqual([[failed], "1"]);
    expect(ids(await ask("ListJobRuns", { applicationId: app.id, maxResults: "1", nextToken: "1" }))).toEqual([ok]);
  });

  test.each([
    ["an entry point outside S3", { jobDriver: { sparkSubmit: { entryPoint: "/main.py" } } }],
    ["a streaming job", { mode: "STREAMING" }],
    ["a timeout above a week", { executionTimeoutMinutes: 10_081 }],
    ["no token", { clientToken: "" }],
  ])("refuses %s", async (_, change) => {
    await expect(start("a", "ok", change)).rejects.toMatchObject({ code: "ValidationException" });
  });

  test("knows no other application", async () => {
    await expect(start("a", "ok", { applicationId: "other" })).rejects.toMatchObject({
      code: "ResourceNotFoundException",
    });
  });
});

describe("spark-submit's parameters", () => {
  test("are split at blanks, quotes being part of the value", () => {
    expect(parseSubmitParameters(`--conf a.b="x  --jars s3://b/1.jar,s3://b/2.jar --py-files s3://b/p.zip`)).toEqual({
      conf: { "a.b": '"x' },
      jars: ["s3://b/1.jar", "s3://b/2.jar"],
      pyFiles: ["s3://b/p.zip"],
    });
  });

  test.each(["--class Main", "--conf", "--conf spark", "main.py x"])("%s is refused", (text) => {
    expect(() => parseSubmitParameters(text)).toThrow(expect.objectContaining({ code: "ValidationException" }));
  });
});
