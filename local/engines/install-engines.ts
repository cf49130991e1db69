import { mkdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { anySignal } from "../../lib/platform/any-signal.ts";
import { cacheDirOf } from "./cache-dir.ts";
import { buildComponent } from "./install/build-component.ts";
import { componentFolder, installComponent, isInstalled } from "./install/install-component.ts";
import type { InstallContext } from "./install/install-context.ts";
import { diskFull, fileError } from "./install/install-errors.ts";
import { findJavas, type JavaHomes, mavenEnvironment, requireJavas } from "./install/install-java.ts";
import { withInstallLock } from "./install/install-lock.ts";
import { pythonOf } from "./install/install-venv.ts";
import { fingerprintOf, planComponents, planJava } from "./install/plan-components.ts";
import type { Progress } from "./install/progress.ts";
import { type RunCommand, runCommand } from "./install/run-command.ts";
import { type ComponentName, type Installation, type InstallPart, installPartNames } from "./installation.ts";

export type InstallOptions = {
  /** Default: all. */
  readonly parts?: readonly InstallPart[];
  /** Default: WIKILAKE_CACHE, XDG_CACHE_HOME/wikilake or ~/.cache/wikilake. */
  readonly cacheDir?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Writes the checksum lists instead of checking against them: for whoever changes a version. */
  readonly recordChecksums?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly run?: RunCommand;
  readonly now?: () => number;
};

/** Disk space a first installation needs at its peak (measured: 1.3 GB in the end, 2.1 GB while pyspark is built). */
const spaceNeededBytes = 2_500_000_000;

/**
 * Finds or fetches everything that the parts need, once for all checkouts of this machine. Quick when all is there
 * (sizes are looked at, nothing is run). Throws WikilakeError: MAVEN_MISSING, JAVA_MISSING, PYTHON_MISSING,
 * PYTHON_VENV_MISSING, NETWORK_UNREACHABLE, DISK_FULL, CHECKSUM_MISMATCH, ARTIFACT_MISSING, FOLDER_NOT_WRITABLE,
 * INSTALL_FAILED, INSTALL_INTERRUPTED.
 */
export async function installEngines(options: InstallOptions = {}): Promise<Installation> {
  const context = installContext(options);
  const parts = options.parts ?? installPartNames;
  const found = context.recordChecksums ? undefined : await findInstallation(context, parts);
  if (found !== undefined) return found;
  try {
    await mkdir(context.cacheDir, { recursive: true });
    return await withInstallLock(context, () => installMissing(context, parts));
  } catch (error) {
    throw fileError(error, context.cacheDir);
  }
}

/** The installation when it is complete; undefined when anything has to be fetched. Runs and writes nothing. */
export async function findInstallation(
  context: Pick<InstallContext, "cacheDir" | "sourceDir" | "env">,
  parts: readonly InstallPart[],
): Promise<Installation | undefined> {
  const java = await findJavas(context, planJava(parts));
  if (java === undefined) return undefined;
  const components = new Map<ComponentName, string>();
  for (const name of planComponents(parts)) {
    const folder = await installedFolder(context, name);
    if (folder === undefined) return undefined;
    components.set(name, folder);
  }
  return { cacheDir: context.cacheDir, java, components };
}

/** Everything not given is the real thing: the repository's lists, the machine's programs. */
export function installContext(options: InstallOptions): InstallContext {
  const env = options.env ?? process.env;
  return {
    cacheDir: options.cacheDir ?? cacheDirOf(env),
    sourceDir: import.meta.dirname,
    env,
    maven: env["WIKILAKE_MAVEN"] ?? "mvn",
    mavenEnv: env,
    run: options.run ?? runCommand,
    now: options.now ?? Date.now,
    progress: options.progress ?? (() => undefined),
    signal: options.signal,
    recordChecksums: options.recordChecksums ?? false,
  };
}

/** Folder of a component that is complete; undefined otherwise. */
async function installedFolder(context: Pick<InstallContext, "cacheDir" | "sourceDir">, name: ComponentName) {
  const fingerprint = await fingerprintOf(context.sourceDir, name);
  const folder = componentFolder(context.cacheDir, { name, fingerprint });
  if (!(await isInstalled(folder))) return undefined;
  return name !== "python" || (await exists(pythonOf(folder))) ? folder : undefined;
}

/** A venv's Python is a link: it dangles once the machine's Python has been replaced. */
async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function installMissing(context: InstallContext, parts: readonly InstallPart[]): Promise<Installation> {
  await checkFreeSpace(context.cacheDir);
  await rm(join(context.cacheDir, "staging"), { recursive: true, force: true });
  const java = await requireJavas(context, planJava(parts));
  const ready = { ...context, mavenEnv: await mavenEnvironment(context, java) };
  const components = await installComponents(ready, planComponents(parts), java);
  return { cacheDir: context.cacheDir, java, components };
}

/** pip works beside Maven; Maven's own downloads follow each other, as two of them must not share a repository. */
async function installComponents(context: InstallContext, names: readonly ComponentName[], java: JavaHomes) {
  const failed = new AbortController();
  const signal = context.signal === undefined ? failed.signal : anySignal(context.signal, failed.signal);
  const components = new Map<ComponentName, string>();
  const chains = [names.filter((name) => name !== "python"), names.filter((name) => name === "python")];
  const work = chains.map(async (chain) => {
    for (const name of chain) components.set(name, await installOne({ ...context, signal }, name, components, java));
  });
  let reason: { readonly error: unknown } | undefined;
  for (const chain of work) {
    chain.catch((error: unknown) => {
      reason ??= { error };
      failed.abort();
    });
  }
  await Promise.allSettled(work);
  if (reason !== undefined) throw reason.error;
  return components;
}

async function installOne(
  context: InstallContext,
  name: ComponentName,
  components: ReadonlyMap<ComponentName, string>,
  homes: JavaHomes,
): Promise<string> {
  const existing = context.recordChecksums ? undefined : await installedFolder(context, name);
  if (existing !== undefined) return existing;
  const startedAt = context.now();
  const inputs = { java: join(homes.get(17)?.home ?? "", "bin", "java"), components };
  const build = (staging: string): Promise<void> => buildComponent(context, name, inputs, staging);
  const component = { name, fingerprint: await fingerprintOf(context.sourceDir, name), build };
  const folder = await installComponent(context.cacheDir, component);
  context.progress({ part: name, message: "installed", elapsedMs: context.now() - startedAt });
  return folder;
}

async function checkFreeSpace(cacheDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(cacheDir);
  const free = bavail * bsize;
  if (free >= spaceNeededBytes) return;
  const need = `${(spaceNeededBytes / 1e9).toFixed(1)} GB are needed in ${cacheDir}`;
  throw diskFull(`${need}, ${(free / 1e9).toFixed(1)} GB are free`);
}
