import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { cycleRequest } from "../../../lib/jobs/cycle-request.ts";
import { BadJobEventError } from "../../../lib/jobs/errors.ts";
import { parseJobEvent, runIdOf } from "../../../lib/jobs/job-event.ts";
import { sparkJars } from "../../../lib/jobs/spark-jars.ts";

const settings = {
  jobsUri: "s3://stage/jobs/abc/",
  databasePrefix: "wikilake_test",
  lakeBucket: "lake",
  controlBucket: "stage",
  region: "eu-west-1",
};
const event = parseJobEvent({ job: "cycle", scheduledTime: "2026-11-21T10:20:00Z" });

test("passes the runner what it needs and nothing it does not know", () => {
  expect(cycleRequest(event, settings).entryPointArguments).toEqual(
    "cycle --database-prefix wikilake_test --mode auto --run-id cycle-20261121T102000Z --trigger schedule --stage-uri s3://stage --lake-uri s3://lake".split(
      " ",
    ),
  );
});

test("adds rebuild and lag only when they are asked for", () => {
  const asked = { job: "cycle", scheduledTime: "2026-11-21T10:20:00Z", rebuild: true, ingestLag: 7 };
  const { entryPointArguments } = cycleRequest(parseJobEvent(asked), settings);
  expect(entryPointArguments.slice(-3)).toEqual(["--ingest-lag", "7", "--rebuild"]);
});

test("keeps the token within what the service accepts", () => {
  const long = { ...settings, databasePrefix: `wikilake_${"x".repeat(60)}` };
  expect(cycleRequest(event, long).clientToken).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
});

test("gives a relaunch and a rebuild names and tokens of their own", () => {
  const relaunch = { ...event, attempt: 2 };
  const rebuild = { ...event, rebuild: true };
  const names = [event, relaunch, rebuild].map(runIdOf);
  expect(names).toEqual(["cycle-20261121T102000Z", "cycle-20261121T102000Z-a2", "cycle-rebuild-20261121T102000Z"]);
  expect(new Set([event, relaunch, rebuild].map((one) => cycleRequest(one, settings).clientToken)).size).toBe(3);
});

test("brings its own Iceberg and Deequ and names the Glue catalog", () => {
  const { sparkSubmitParameters } = cycleRequest(event, settings);
  expect(sparkSubmitParameters).toContain("spark.submit.pyFiles=s3://stage/jobs/abc/jobs.zip");
  expect(sparkSubmitParameters).toContain("catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog");
  for (const jar of sparkJars) expect(sparkSubmitParameters).toContain(`s3://stage/jobs/abc/jars/${jar}`);
});

test("lists the versions of Iceberg, Deequ and DQDL that the local engines use", () => {
  const pom = readFileSync(new URL("../../../local/engines/poms/spark.xml", import.meta.url), "utf8");
  const pinned = [...pom.matchAll(/<artifactId>([^<*]+)<\/artifactId>\s*<version>([^<]+)<\/version>/g)];
  const named = pinned
    .map(([, artifact, version]) => `${artifact}-${version}.jar`)
    .filter((jar) => jar !== "spark-1.jar");
  expect(named.length).toBeGreaterThanOrEqual(4);
  expect(sparkJars).toEqual(expect.arrayContaining(named));
});

test.each([
  ["another job", { job: "drop", scheduledTime: "2026-11-21T10:20:00Z" }],
  ["no time", { job: "cycle" }],
  ["an unknown key", { job: "cycle", scheduledTime: "2026-11-21T10:20:00Z", sql: "x" }],
  ["no object", "cycle"],
])("refuses an event with %s", (_, given) => {
  expect(() => parseJobEvent(given)).toThrow(BadJobEventError);
});

test("gives a backfill its days and tables, a name that says the days, and more time", () => {
  const days = { from: "2026-11-01", to: "2026-11-04" };
  const asked = { job: "silver", scheduledTime: "2026-11-21T10:20:00Z", days, tables: ["silver.reverts"] };
  const request = cycleRequest(parseJobEvent(asked), settings);
  expect(request.name).toBe("silver-20261101-20261104-20261121T102000Z");
  expect(request.entryPointArguments.slice(-6)).toEqual(
    "--from-date 2026-11-01 --to-date 2026-11-04 --tables silver.reverts".split(" "),
  );
  expect(request.timeoutMinutes).toBeGreaterThan(cycleRequest(event, settings).timeoutMinutes);
});

test.each([
  { job: "cycle", days: { from: "2026-11-01", to: "2026-11-04" } },
  { job: "gold", rebuild: true, days: { from: "2026-11-01", to: "2026-11-04" } },
  { job: "gold", days: { from: "2026-11-04", to: "2026-11-01" } },
  { job: "gold", tables: ["gold.x; drop table y"] },
])("refuses what no run can do: %j", (fields) => {
  expect(() => parseJobEvent({ scheduledTime: "2026-11-21T10:20:00Z", ...fields })).toThrow(BadJobEventError);
});
