import { createHash } from "node:crypto";
import { type JobEvent, runIdOf } from "./job-event.ts";
import type { JobRequest } from "./job-service.ts";
import { sparkJars } from "./spark-jars.ts";

/** Where the job files and the data of a stage are. Uris end with `/`. */
export type JobSettings = {
  readonly jobsUri: string;
  readonly databasePrefix: string;
  readonly lakeBucket: string;
  readonly controlBucket: string;
  readonly region: string;
};

/** A cycle works for a minute; one that is still running after this will not end by itself. */
const timeoutMinutes = 30;
/** A chunk of a backfill reads up to 96 days. */
const backfillTimeoutMinutes = 240;

/** Fits the application's 12 vCPUs with room for a second try: driver 2, one or two executors of 4. */
const sizing = {
  "spark.driver.cores": "2",
  "spark.driver.memory": "4g",
  "spark.executor.cores": "4",
  "spark.executor.memory": "8g",
  "spark.executor.instances": "1",
  "spark.dynamicAllocation.maxExecutors": "2",
} as const;

/** The run an event stands for: the same event gives the same request, token included. */
export function cycleRequest(event: JobEvent, settings: JobSettings): JobRequest {
  const runId = runIdOf(event);
  return {
    clientToken: clientToken(settings.databasePrefix, runId),
    name: runId,
    entryPoint: `${settings.jobsUri}runner/main.py`,
    entryPointArguments: entryPointArguments(event, runId, settings),
    sparkSubmitParameters: sparkSubmitParameters(settings),
    timeoutMinutes: event.days ? backfillTimeoutMinutes : timeoutMinutes,
    tags: { "wikilake:job": event.job, "wikilake:trigger": event.trigger },
  };
}

/** Hashed, because the service keeps tokens by account and a stage's name may be long. */
const clientToken = (databasePrefix: string, runId: string): string =>
  createHash("sha256").update(`${databasePrefix}/${runId}`).digest("hex");

function entryPointArguments(event: JobEvent, runId: string, settings: JobSettings): readonly string[] {
  return [
    event.job,
    ...["--database-prefix", settings.databasePrefix],
    ...["--mode", event.mode],
    ...["--run-id", runId],
    ...["--trigger", event.trigger],
    ...["--stage-uri", `s3://${settings.controlBucket}`],
    ...["--lake-uri", `s3://${settings.lakeBucket}`],
    ...(event.ingestLag === undefined ? [] : ["--ingest-lag", String(event.ingestLag)]),
    ...(event.rebuild ? ["--rebuild"] : []),
    ...(event.days ? ["--from-date", event.days.from, "--to-date", event.days.to] : []),
    ...(event.tables ? ["--tables", event.tables.join(",")] : []),
  ];
}

/**
 * The catalog is Glue here; the local runtime puts its own catalog and endpoints over it. Jars are ours, not the
 * release's: what was tested is what runs.
 */
function sparkSubmitParameters(settings: JobSettings): string {
  const conf: Readonly<Record<string, string>> = {
    ...sizing,
    "spark.submit.pyFiles": `${settings.jobsUri}jobs.zip`,
    "spark.jars": sparkJars.map((jar) => `${settings.jobsUri}jars/${jar}`).join(","),
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
    "spark.sql.catalog.lake.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
    "spark.sql.catalog.lake.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    "spark.sql.catalog.lake.warehouse": `s3://${settings.lakeBucket}/`,
    "spark.sql.catalog.lake.client.region": settings.region,
  };
  return Object.entries(conf)
    .map(([key, value]) => `--conf ${key}=${value}`)
    .join(" ");
}
