/**
 * Jars of a run, under `jars/` of the job files: the versions that the local engines resolve (a test compares the two).
 * icu4j and ANTLR come with DQDL; silver uses ICU to normalise names.
 */
export const sparkJars = [
  "ST4-4.0.8.jar",
  "antlr-runtime-3.5.2.jar",
  "antlr4-4.7.jar",
  "antlr4-runtime-4.7.jar",
  "deequ-2.1.0-spark-3.5.jar",
  "dqdl-1.0.0.jar",
  "iceberg-aws-bundle-1.10.1.jar",
  "iceberg-spark-runtime-3.5_2.12-1.10.1.jar",
  "icu4j-58.2.jar",
  "jackson-annotations-2.12.7.jar",
  "jackson-core-2.12.7.jar",
  "jackson-databind-2.12.7.1.jar",
  "javax.json-1.0.4.jar",
  "org.abego.treelayout.core-1.0.3.jar",
] as const;
