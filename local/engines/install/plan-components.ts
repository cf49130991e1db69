import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ComponentName, InstallPart } from "../installation.ts";
import type { JavaMajor } from "./find-java.ts";
import { launcherSources } from "./install-launcher.ts";

/** Raised when the way a component is laid out changes without any of its source files changing. */
const layoutVersion = "1";

const needs: Readonly<Record<InstallPart, readonly ComponentName[]>> = {
  s3: ["s3mock"],
  catalog: ["catalog"],
  kafka: ["kafka"],
  trino: ["trino"],
  spark: ["spark", "python"],
};

/** The launcher's jars stand in front of every server; it is compiled with the compiler against the catalog's jar. */
const launcherNeeds: readonly ComponentName[] = ["compiler", "catalog", "launcher"];

/** Files, relative to local/engines/, that make the content of a component. */
const sources: Readonly<Record<ComponentName, readonly string[]>> = {
  compiler: mavenSources("compiler"),
  catalog: mavenSources("catalog"),
  s3mock: mavenSources("s3mock"),
  kafka: mavenSources("kafka"),
  trino: mavenSources("trino"),
  spark: mavenSources("spark"),
  launcher: [...mavenSources("compiler"), ...launcherSources.map((name) => `java/${name}`)],
  python: ["python/build-requirements.txt", "python/requirements.txt"],
};

function mavenSources(name: string): readonly string[] {
  return [`poms/${name}.xml`, `checksums/${name}.txt`];
}

/** Components of the parts, in an order in which each comes after what it is made from. */
export function planComponents(parts: readonly InstallPart[]): readonly ComponentName[] {
  const servers = parts.some((part) => part !== "spark") ? launcherNeeds : [];
  return [...new Set([...servers, ...parts.flatMap((part) => needs[part])])];
}

export function planJava(parts: readonly InstallPart[]): readonly JavaMajor[] {
  const seventeen: readonly JavaMajor[] = parts.length === 0 ? [] : [17];
  return parts.includes("trino") ? [...seventeen, 25] : seventeen;
}

/** Short hash over everything that makes a component, the platform included (venv and wheels hold native code). */
export async function fingerprintOf(sourceDir: string, name: ComponentName): Promise<string> {
  return fingerprintFiles(sourceDir, sources[name]);
}

export async function fingerprintFiles(sourceDir: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(`${layoutVersion} ${process.platform} ${process.arch}`);
  for (const file of files) hash.update(await readOrEmpty(join(sourceDir, file)));
  return hash.digest("hex").slice(0, fingerprintChars);
}

/** Enough that two versions never meet; short enough for a folder name. */
const fingerprintChars = 12;

/** A list that is just being recorded is not there yet. */
async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
