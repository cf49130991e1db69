import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import { s3mockJarName } from "../install/build-component.ts";
import { connectorsJarName } from "../install/install-launcher.ts";
import { folderOf, type Installation } from "../installation.ts";
import { javaCommand, smallJvm } from "./java-command.ts";
import { probe } from "./probe.ts";
import type { EngineDefinition } from "./supervisor.ts";

export type S3Endpoint = {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

/** S3Mock checks no signature; the clients only insist on having something to sign with. */
export const engineCredentials = { accessKeyId: "engine", secretAccessKey: "engine" } as const;

export type S3Options = {
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  readonly region: string;
};

/** S3Mock with its store kept in `folder`. Buckets are made with createBucket once it answers. */
export function s3Definition(installation: Installation, options: S3Options): EngineDefinition {
  const { port, folder } = options;
  const jar = join(folderOf(installation, "s3mock"), s3mockJarName);
  const store = "--com.adobe.testing.s3mock.store";
  const settings = [
    `${store}.root=${join(folder, "store")}`,
    `${store}.retain-files-on-exit=true`,
    `${store}.region=${options.region}`,
    "--server.ssl.enabled=false",
    "--server.address=127.0.0.1",
    `--server.port=${port}`,
    // A second connector that cannot be switched off: on a port of the system's choosing, and on loopback by our class.
    "--http.port=0",
    "--spring.main.sources=wikilake.LoopbackConnectors",
  ];
  return {
    name: "s3",
    command: javaCommand(installation, {
      major: 17,
      heap: "256m",
      options: [
        ...smallJvm,
        `-Dloader.path=${join(folderOf(installation, "launcher"), connectorsJarName)}`,
        "-Dloader.main=com.adobe.testing.s3mock.S3MockApplication",
      ],
      classPath: [jar],
      mainClass: "org.springframework.boot.loader.launch.PropertiesLauncher",
      arguments: settings,
      cwd: folder,
      logFile: options.logFile,
    }),
    prepare: async () => {
      await mkdir(join(folder, "store"), { recursive: true });
    },
    isReady: async () => (await probe(`http://127.0.0.1:${port}/`)).ok,
    startTimeoutMs: 60_000,
    stopGraceMs: 10_000,
  };
}

/** Makes a bucket; one that is there already is fine. Throws BUCKET_FAILED (retriable) on anything else. */
export async function createBucket(endpoint: string, bucket: string): Promise<void> {
  const response = await fetch(`${endpoint}/${encodeURIComponent(bucket)}`, { method: "PUT" });
  if (response.ok || response.status === 409) return;
  const message = `Bucket ${bucket} cannot be made: HTTP ${response.status}`;
  throw new WikilakeError("BUCKET_FAILED", message, { retriable: response.status >= 500 });
}
