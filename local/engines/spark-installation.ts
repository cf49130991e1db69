import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { agentJarName } from "./install/install-launcher.ts";
import { packageFolder, pythonOf } from "./install/install-venv.ts";
import { folderOf, type Installation, javaOf } from "./installation.ts";

/** What a Spark run needs; all paths are absolute. */
export type SparkInstallation = {
  /** Python that has pyspark: PYSPARK_PYTHON and PYSPARK_DRIVER_PYTHON. */
  readonly python: string;
  /** SPARK_HOME; holds bin/spark-submit. */
  readonly sparkHome: string;
  /** JAVA_HOME of Java 17. */
  readonly javaHome: string;
  /** For `spark.jars`: Iceberg, S3, Deequ and DQDL. */
  readonly jars: readonly string[];
};

/** Where Spark is; throws NOT_INSTALLED when the installation was made without the part `spark`. */
export async function sparkOf(installation: Installation): Promise<SparkInstallation> {
  const venv = folderOf(installation, "python");
  const folder = folderOf(installation, "spark");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jar")).sort();
  return {
    python: pythonOf(venv),
    sparkHome: await packageFolder(venv, "pyspark"),
    javaHome: join(javaOf(installation, 17), "..", ".."),
    jars: names.map((name) => join(folder, name)),
  };
}

/** Environment of a Python process that opens a Spark session of its own: tests and benchmarks. */
export const sparkEnvironment = (spark: SparkInstallation): NodeJS.ProcessEnv => ({
  ...process.env,
  JAVA_HOME: spark.javaHome,
  SPARK_HOME: spark.sparkHome,
  PYSPARK_PYTHON: spark.python,
  PYTHONDONTWRITEBYTECODE: "1",
  SPARK_LOCAL_IP: "127.0.0.1",
  WIKILAKE_SPARK_JARS: spark.jars.join(","),
});

/** Option for spark-submit's `--driver-java-options`: the driver ends when the end of its standard input says so. */
export const parentWatchOption = (installation: Installation): string =>
  `-javaagent:${join(folderOf(installation, "launcher"), agentJarName)}`;
