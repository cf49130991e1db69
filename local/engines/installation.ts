import { WikilakeError } from "../../lib/platform/errors.ts";
import type { JavaHome, JavaMajor } from "./install/find-java.ts";

/** The engines that run as servers; Spark runs once for each job. */
export const engineNames = ["s3", "catalog", "kafka", "trino"] as const;
export type EngineName = (typeof engineNames)[number];
export const installPartNames = [...engineNames, "spark"] as const;
export type InstallPart = (typeof installPartNames)[number];

/** Folders of what is in the cache; only what the parts asked for need. */
export type ComponentName = "compiler" | "launcher" | "s3mock" | "catalog" | "kafka" | "trino" | "spark" | "python";

/** Where everything is. Folders are absolute; `components` and `java` have what the installed parts need. */
export type Installation = {
  readonly cacheDir: string;
  readonly java: ReadonlyMap<JavaMajor, JavaHome>;
  readonly components: ReadonlyMap<ComponentName, string>;
};

/** Folder of a component; throws NOT_INSTALLED when the installation was made without the part that needs it. */
export function folderOf(installation: Installation, name: ComponentName): string {
  const folder = installation.components.get(name);
  if (folder === undefined) throw notInstalled(name);
  return folder;
}

/** The `java` program of a version; throws NOT_INSTALLED like folderOf. */
export function javaOf(installation: Installation, major: JavaMajor): string {
  const java = installation.java.get(major);
  if (java === undefined) throw notInstalled(`Java ${major}`);
  return `${java.home}/bin/java`;
}

const notInstalled = (what: string): WikilakeError =>
  new WikilakeError("NOT_INSTALLED", `${what} is not part of this installation.`, { retriable: false });
