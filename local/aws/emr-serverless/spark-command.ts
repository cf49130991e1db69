import path from "node:path";
import { localAccount } from "../account.ts";
import type { SubmitParameters } from "./submit-parameters.ts";

/** Where the machine's Spark is, and the jars (Iceberg, S3, Deequ) that a release of EMR has built in or a job brings. */
export type SparkHome = {
  readonly python: string;
  readonly sparkHome: string;
  readonly javaHome: string;
  readonly jars: readonly string[];
  /** Further options of the driver's Java, e.g. one that ends it when its parent is gone. */
  readonly driverJavaOptions?: readonly string[];
  /** Class archive made by Java's -XX:ArchiveClassesAtExit over the same class path: 3 s of CPU less a run. */
  readonly sharedArchive?: string;
};

/** Where the lake is: it takes the place of the Glue catalog and of S3. */
export type LakeAccess = {
  readonly catalogUri: string;
  readonly s3Endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

export type SparkJob = {
  readonly runId: string;
  readonly name: string;
  readonly workDir: string;
  readonly entryPoint: string;
  readonly pyFiles: readonly string[];
  readonly arguments: readonly string[];
  readonly parameters: SubmitParameters;
};

export type SparkCommand = {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

/** Two cores and 1 GB of heap, whatever the job asks for: the laptop runs the rest of the stack as well. */
const cores = 2;
const heap = "1g";
/** With two cores more partitions only cost scheduling; a job that says its own number keeps it. */
const shufflePartitions = "4";
/** Settings of the job that size or place it in the cloud, or that name the cloud's catalog: replaced or meaningless here. */
const overridden =
  /^spark\.(master|submit\.|jars|archives|files|ui\.|driver\.(cores|memory|memoryOverhead|host|bindAddress)|executor\.(cores|memory|memoryOverhead|instances|extra)|dynamicAllocation\.|emr-serverless\.|eventLog\.|hadoop\.hive\.|local\.dir|sql\.catalog\.lake(\.|$))/;

/** The packages that Spark 3.5 needs opened on Java 17; bin/spark-submit adds the same. */
const openedPackages = [
  "java.lang",
  "java.lang.invoke",
  "java.lang.reflect",
  "java.io",
  "java.net",
  "java.nio",
  "java.util",
  "java.util.concurrent",
  "java.util.concurrent.atomic",
  "jdk.internal.ref",
  "sun.nio.ch",
  "sun.nio.cs",
  "sun.security.action",
  "sun.util.calendar",
];

/**
 * spark-submit's own main class, started without its two launcher processes. The jars stand on the class path: in local
 * mode `spark.jars` would copy 120 MB a run.
 */
export function sparkCommand(
  job: SparkJob,
  spark: SparkHome,
  lake: LakeAccess,
  roleEnvironment: Readonly<Record<string, string>>,
): SparkCommand {
  const conf = sparkConf(job, spark, lake);
  const classPath = [path.join(spark.sparkHome, "conf"), path.join(spark.sparkHome, "jars", "*"), ...spark.jars];
  return {
    program: path.join(spark.javaHome, "bin", "java"),
    args: [
      `-Xmx${heap}`,
      "-XX:+UseSerialGC",
      // A cycle's run is half start-up: with the first compiler alone it took 10 s of CPU instead of 20.
      "-XX:TieredStopAtLevel=1",
      // That compiler alone gets a code cache of 48 MB; one cycle fills it, and a full one switches compiling off.
      "-XX:ReservedCodeCacheSize=256m",
      ...(spark.sharedArchive === undefined ? [] : [`-XX:SharedArchiveFile=${spark.sharedArchive}`, "-Xshare:auto"]),
      "-Duser.timezone=UTC",
      "-Djdk.reflect.useDirectMethodHandle=false",
      ...openedPackages.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      ...(spark.driverJavaOptions ?? []),
      "-cp",
      classPath.join(path.delimiter),
      "org.apache.spark.deploy.SparkSubmit",
      ...Object.entries(conf).flatMap(([key, value]) => ["--conf", `${key}=${value}`]),
      ...(job.pyFiles.length === 0 ? [] : ["--py-files", job.pyFiles.join(",")]),
      job.entryPoint,
      ...job.arguments,
    ],
    environment: environment(job, spark, roleEnvironment),
  };
}

function sparkConf(job: SparkJob, spark: SparkHome, lake: LakeAccess): Readonly<Record<string, string>> {
  const asked = Object.fromEntries(Object.entries(job.parameters.conf).filter(([key]) => !overridden.test(key)));
  const catalog = "spark.sql.catalog.lake";
  return {
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    "spark.sql.shuffle.partitions": shufflePartitions,
    ...asked,
    "spark.app.name": job.name,
    "spark.master": `local[${cores}]`,
    "spark.driver.memory": heap,
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.pyspark.python": spark.python,
    "spark.pyspark.driver.python": spark.python,
    "spark.local.dir": path.join(job.workDir, "local"),
    "spark.sql.warehouse.dir": path.join(job.workDir, "warehouse"),
    // Athena's timestamps are UTC; a laptop's own zone must not get in.
    "spark.sql.session.timeZone": "UTC",
    [catalog]: "org.apache.iceberg.spark.SparkCatalog",
    [`${catalog}.type`]: "rest",
    [`${catalog}.uri`]: lake.catalogUri,
    [`${catalog}.io-impl`]: "org.apache.iceberg.aws.s3.S3FileIO",
    [`${catalog}.s3.endpoint`]: lake.s3Endpoint,
    [`${catalog}.s3.path-style-access`]: "true",
    [`${catalog}.s3.access-key-id`]: lake.accessKeyId,
    [`${catalog}.s3.secret-access-key`]: lake.secretAccessKey,
    [`${catalog}.client.region`]: localAccount.region,
  };
}

const driverEnvironment = "spark.emr-serverless.driverEnv.";

function environment(
  job: SparkJob,
  spark: SparkHome,
  roleEnvironment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const asked = Object.entries(job.parameters.conf).flatMap(([key, value]) =>
    key.startsWith(driverEnvironment) && !key.includes("PYSPARK") && !key.includes("JAVA_HOME")
      ? [[key.slice(driverEnvironment.length), value] as const]
      : [],
  );
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "C.UTF-8",
    TZ: "UTC",
    HOME: job.workDir,
    TMPDIR: job.workDir,
    JAVA_HOME: spark.javaHome,
    SPARK_HOME: spark.sparkHome,
    SPARK_LOCAL_IP: "127.0.0.1",
    PYSPARK_PYTHON: spark.python,
    PYSPARK_DRIVER_PYTHON: spark.python,
    PYTHONUNBUFFERED: "1",
    // The run's folder is deleted with the run; nothing may be written beside the installed modules.
    PYTHONDONTWRITEBYTECODE: "1",
    ...Object.fromEntries(asked),
    ...roleEnvironment,
  };
}
