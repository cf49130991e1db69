import { join } from "node:path";
import { catalogJarName } from "../install/build-component.ts";
import { catalogLauncherJarName } from "../install/install-launcher.ts";
import { folderOf, type Installation } from "../installation.ts";
import { javaCommand, smallJvm } from "./java-command.ts";
import { probe } from "./probe.ts";
import { type Properties, writeProperties } from "./properties-file.ts";
import type { S3Endpoint } from "./s3.ts";
import type { EngineDefinition } from "./supervisor.ts";

export type CatalogOptions = {
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  readonly s3: S3Endpoint;
  /** `s3://bucket/prefix` for tables made without a location. */
  readonly warehouse: string;
};

/** Time a catalog write waits for another one; SQLite would refuse it at once (SQLITE_BUSY). */
const busyTimeoutMs = 30_000;

/** The Iceberg REST catalog, its tables' pointers in one SQLite file in `folder`. */
export function catalogDefinition(installation: Installation, options: CatalogOptions): EngineDefinition {
  const { folder, port } = options;
  const file = join(folder, "catalog.properties");
  const jars = [
    join(folderOf(installation, "launcher"), catalogLauncherJarName),
    join(folderOf(installation, "catalog"), catalogJarName),
  ];
  return {
    name: "catalog",
    command: javaCommand(installation, {
      major: 17,
      heap: "192m",
      options: [...smallJvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"],
      classPath: jars,
      mainClass: "wikilake.LoopbackCatalog",
      arguments: [file],
      cwd: folder,
      logFile: options.logFile,
    }),
    prepare: () => writeProperties(file, catalogProperties(options)),
    isReady: async () => (await probe(`http://127.0.0.1:${port}/v1/config`)).ok,
    startTimeoutMs: 60_000,
    stopGraceMs: 10_000,
  };
}

/** Settings of LoopbackCatalog. Those under `catalog.jdbc.` go to SQLite's driver. */
export function catalogProperties({ folder, port, s3, warehouse }: CatalogOptions): Properties {
  return {
    port,
    name: "lake",
    "catalog.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
    "catalog.uri": `jdbc:sqlite:${join(folder, "catalog.db")}`,
    "catalog.jdbc.schema-version": "V1",
    // One connection: on a database just made, two that wrote at once met SQLITE_BUSY without any wait (a start after an
    // interrupted one failed at its first CREATE TABLE). Its statements take milliseconds; waiting in line costs nothing.
    "catalog.clients": 1,
    // Readers go on while one writes, and writers wait for each other instead of failing.
    "catalog.jdbc.journal_mode": "WAL",
    "catalog.jdbc.busy_timeout": busyTimeoutMs,
    "catalog.jdbc.transaction_mode": "IMMEDIATE",
    "catalog.warehouse": warehouse,
    "catalog.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    "catalog.s3.endpoint": s3.endpoint,
    "catalog.s3.path-style-access": true,
    "catalog.s3.access-key-id": s3.accessKeyId,
    "catalog.s3.secret-access-key": s3.secretAccessKey,
    "catalog.client.region": s3.region,
  };
}
