import { expect, test } from "@jest/globals";
import { readConfig } from "../../../handlers/start-job/config.ts";

const complete = {
  STAGE: "test",
  APPLICATION_ID: "00abc",
  JOB_ROLE_ARN: "arn:aws:iam::000000000000:role/job",
  JOBS_URI: "s3://stage/jobs/abc/",
  CONTROL_BUCKET: "stage",
  LAKE_BUCKET: "lake",
  DATABASE_PREFIX: "wikilake_test",
  AWS_REGION: "eu-west-1",
};

test("waits for 15 minutes of bronze unless told otherwise", () => {
  expect(readConfig(complete).BRONZE_MINUTES).toBe(15);
  expect(readConfig({ ...complete, BRONZE_MINUTES: "0" }).BRONZE_MINUTES).toBe(0);
});

test("names every missing variable at once", () => {
  expect(() => readConfig({})).toThrow(/APPLICATION_ID[\s\S]*JOBS_URI/);
});

test("refuses a jobs uri that files could not be appended to", () => {
  expect(() => readConfig({ ...complete, JOBS_URI: "s3://stage/jobs/abc" })).toThrow(/JOBS_URI/);
});
