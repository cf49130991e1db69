import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { InstallContext } from "./install-context.ts";
import { commandError } from "./install-errors.ts";
import { writeZip } from "./write-zip.ts";

export const agentJarName = "parent-watch.jar";
export const catalogLauncherJarName = "loopback-catalog.jar";
export const connectorsJarName = "loopback-connectors.jar";

/** Sources, relative to java/; the stub is compiled against and left out. */
export const launcherSources = [
  "ParentWatch.java",
  "LoopbackCatalog.java",
  "LoopbackConnectors.java",
  "stubs/org/springframework/beans/factory/config/BeanPostProcessor.java",
] as const;

const plainManifest = "Manifest-Version: 1.0\r\n\r\n";
const agentManifest = "Manifest-Version: 1.0\r\nPremain-Class: wikilake.ParentWatch\r\n\r\n";

type Inputs = { readonly java: string; readonly compilerJar: string; readonly catalogJar: string };

/**
 * Compiles our Java classes into a jar each in `target`. With Eclipse's compiler, not javac: the packaged Java has
 * none, and one way for all machines is one way to test.
 */
export async function installLauncher(context: InstallContext, target: string, inputs: Inputs): Promise<void> {
  const classes = join(target, "classes");
  await mkdir(classes);
  const sources = launcherSources.map((name) => join(context.sourceDir, "java", name));
  const options = ["-source", "17", "-target", "17", "-nowarn", "-cp", inputs.catalogJar, "-d", classes];
  const args = ["-jar", inputs.compilerJar, ...options, ...sources];
  const result = await context.run({ command: inputs.java, args, signal: context.signal });
  if (result.kind !== "done") throw commandError("Compiling the launcher", result);
  await packClasses(classes, "ParentWatch", join(target, agentJarName), agentManifest);
  await packClasses(classes, "LoopbackCatalog", join(target, catalogLauncherJarName), plainManifest);
  await packClasses(classes, "LoopbackConnectors", join(target, connectorsJarName), plainManifest);
  await rm(classes, { recursive: true });
}

async function packClasses(classes: string, prefix: string, jar: string, manifest: string): Promise<void> {
  const names = (await readdir(join(classes, "wikilake"))).filter((name) => name.startsWith(prefix)).sort();
  const entries = names.map(async (name) => ({
    name: `wikilake/${name}`,
    content: await readFile(join(classes, "wikilake", name)),
  }));
  await writeZip(jar, [
    { name: "META-INF/MANIFEST.MF", content: Buffer.from(manifest) },
    ...(await Promise.all(entries)),
  ]);
}
