import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { folderOf, type Installation } from "../installation.ts";
import { javaCommand } from "./java-command.ts";
import { type Properties, writeProperties } from "./properties-file.ts";
import type { S3Endpoint } from "./s3.ts";
import type { EngineDefinition } from "./supervisor.ts";
import { readsTable } from "./trino-readiness.ts";

export type TrinoOptions = {
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  readonly s3: S3Endpoint;
  readonly catalogUri: string;
  /** Bucket of the engines: the Hive connector keeps there what it knows of the staging tables. */
  readonly ownBucket: string;
};

/** Trino with the catalogs `lake` (Iceberg) and `staging` (Parquet files with partition projection). */
export function trinoDefinition(installation: Installation, options: TrinoOptions): EngineDefinition {
  const { folder } = options;
  const home = folderOf(installation, "trino");
  return {
    name: "trino",
    command: javaCommand(installation, {
      major: 25,
      heap: "768m",
      options: [...jvmOptions, ...archiveOptions(installation, home), ...serverOptions(folder, home)],
      classPath: [join(home, "lib", "*")],
      mainClass: "io.trino.server.TrinoServer",
      arguments: [],
      cwd: folder,
      logFile: options.logFile,
    }),
    prepare: () => writeConfiguration(options),
    isReady: () => readsTable(options),
    startTimeoutMs: 120_000,
    // Its first stop also writes the class archive.
    stopGraceMs: 45_000,
  };
}

/**
 * Parallel on purpose: the serial collector ran out of memory on `count(*)`, and G1 on 768 MB took a tenth more time and
 * 100 MB more memory for bronze's statements. The attach options are what Trino insists on.
 */
const jvmOptions = [
  "-Xms256m",
  "-XX:+UseParallelGC",
  "-XX:ReservedCodeCacheSize=128M",
  "-XX:-OmitStackTraceInFastThrow",
  "-Djdk.attach.allowAttachSelf=true",
  "-XX:+EnableDynamicAgentLoading",
  "--enable-native-access=ALL-UNNAMED",
  "--sun-misc-unsafe-memory-access=allow",
] as const;

/**
 * Loaded classes are kept in the cache from one run to the next: measured on a busy machine, the start takes 8.5 s of
 * processor time instead of 13. Java writes the file at a clean stop when it is missing or of another Java or Trino.
 */
const archiveOptions = (installation: Installation, home: string): readonly string[] => [
  "-XX:+AutoCreateSharedArchive",
  `-XX:SharedArchiveFile=${join(installation.cacheDir, `${basename(home)}.jsa`)}`,
  // A file that does not fit is no error, and the log need not say so.
  "-Xlog:cds=off",
];

const serverOptions = (folder: string, home: string): readonly string[] => [
  `-Dconfig=${join(folder, "etc", "config.properties")}`,
  `-Dlog.levels-file=${join(folder, "etc", "log.properties")}`,
  `-Dcatalog.config-dir=${join(folder, "etc", "catalog")}`,
  `-Dplugin.dir=${join(home, "plugin")}`,
  `-Dnode.data-dir=${join(folder, "data")}`,
  "-Dnode.id=local",
  "-Dnode.environment=local",
];

async function writeConfiguration(options: TrinoOptions): Promise<void> {
  const etc = join(options.folder, "etc");
  await mkdir(join(options.folder, "data"), { recursive: true });
  await writeProperties(join(etc, "config.properties"), serverProperties(options.port));
  await writeProperties(join(etc, "catalog", "lake.properties"), lakeProperties(options));
  await writeProperties(join(etc, "catalog", "staging.properties"), stagingProperties(options));
  // A line for every query would say each commit twice; the facade keeps its own list of queries.
  await writeFile(join(etc, "log.properties"), "io.trino=INFO\nio.trino.event.QueryMonitor=WARN\n");
}

/** The server's settings: one node on loopback, memory for one person's queries on a laptop. */
export function serverProperties(port: number): Properties {
  return {
    coordinator: true,
    "node-scheduler.include-coordinator": true,
    "http-server.http.port": port,
    "discovery.uri": `http://127.0.0.1:${port}`,
    "node.internal-address": "127.0.0.1",
    "node.bind-ip": "127.0.0.1",
    "query.max-memory": "256MB",
    "query.max-memory-per-node": "128MB",
    "memory.heap-headroom-per-node": "64MB",
    "task.concurrency": 1,
    "task.max-worker-threads": 4,
    // Finished queries are kept in memory for Trino's own page, which nobody opens here.
    "query.max-history": 50,
    // Athena's sessions are in UTC, whatever the client's zone.
    "sql.forced-session-time-zone": "UTC",
  };
}

/** Iceberg. Retention minimums are off: Athena has none either, and VACUUM's own settings decide. */
export function lakeProperties({ s3, catalogUri }: Pick<TrinoOptions, "s3" | "catalogUri">): Properties {
  return {
    "connector.name": "iceberg",
    "iceberg.catalog.type": "rest",
    "iceberg.rest-catalog.uri": catalogUri,
    "iceberg.expire-snapshots.min-retention": "0s",
    "iceberg.remove-orphan-files.min-retention": "0s",
    // Sketches of every column with every INSERT: Athena makes none, and they were a fifth of the statement's time.
    "iceberg.extended-statistics.enabled": false,
    ...s3Properties(s3),
  };
}

/** Hive over Parquet files that others write, as Athena has it with Glue tables. */
export function stagingProperties({ s3, ownBucket }: Pick<TrinoOptions, "s3" | "ownBucket">): Properties {
  return {
    "connector.name": "hive",
    "hive.metastore": "file",
    "hive.metastore.catalog.dir": `s3://${ownBucket}/staging`,
    "hive.non-managed-table-writes-enabled": true,
    // The connector's own default refuses DROP TABLE; who may do what is decided in front of it.
    "hive.security": "allow-all",
    ...s3Properties(s3),
  };
}

const s3Properties = (s3: S3Endpoint): Properties => ({
  "fs.native-s3.enabled": true,
  "s3.endpoint": s3.endpoint,
  "s3.region": s3.region,
  "s3.path-style-access": true,
  "s3.aws-access-key": s3.accessKeyId,
  "s3.aws-secret-key": s3.secretAccessKey,
});
