import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** `home` holds bin/java. Kafka, S3Mock, the catalog and Spark run on 17 (Spark 3.5 dies on 25), Trino on 25. */
export type JavaMajor = 17 | 25;
export type JavaHome = { readonly home: string; readonly version: string; readonly origin: "system" | "wheel" };

export type FindJavaDeps = {
  readonly env: NodeJS.ProcessEnv;
  readonly listFolder: (folder: string) => Promise<readonly string[]>;
  /** Text of `<home>/release` when `<home>/bin/java` is there too. */
  readonly readRelease: (home: string) => Promise<string | undefined>;
};

/** Where Linux distributions, macOS and SDKMAN put their JDKs. */
const folders = ["/usr/lib/jvm", "/usr/java", "/opt/java", "/Library/Java/JavaVirtualMachines"] as const;

/**
 * The JDKs or JREs of exactly `major` on this machine, best first. WIKILAKE_JAVA_17 / WIKILAKE_JAVA_25 name one
 * explicitly; WIKILAKE_JAVA=wheel hides every installed one, so that the packaged ones are taken.
 */
export async function findJava(major: JavaMajor, deps: FindJavaDeps): Promise<JavaHome | undefined> {
  if (deps.env["WIKILAKE_JAVA"] === "wheel") return undefined;
  for (const home of await candidates(major, deps)) {
    const version = parseRelease(await deps.readRelease(home));
    if (version?.startsWith(`${major}.`) || version === String(major)) return { home, version, origin: "system" };
  }
  return undefined;
}

/** JAVA_VERSION out of a JDK's `release` file, e.g. `17.0.15`. */
export const parseRelease = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : /^JAVA_VERSION="([^"]+)"/m.exec(text)?.[1];

export const systemJavaDeps = (env: NodeJS.ProcessEnv): FindJavaDeps => ({
  env,
  listFolder: async (folder) => {
    try {
      return (await readdir(folder)).sort();
    } catch {
      return [];
    }
  },
  readRelease: async (home) => {
    try {
      await stat(join(home, "bin", "java"));
      return await readFile(join(home, "release"), "utf8");
    } catch {
      return undefined;
    }
  },
});

async function candidates(major: JavaMajor, { env, listFolder }: FindJavaDeps): Promise<readonly string[]> {
  const named = [env[`WIKILAKE_JAVA_${major}`], env[`JAVA_HOME_${major}_X64`], env["JAVA_HOME"]];
  const sdkman = env["HOME"] === undefined ? [] : [join(env["HOME"], ".sdkman", "candidates", "java")];
  const roots = [...folders, ...sdkman];
  const listed = await Promise.all(roots.map(async (root) => (await listFolder(root)).map((name) => join(root, name))));
  const onPath = (env["PATH"] ?? "").split(":").filter((folder) => folder.endsWith("/bin"));
  const homes = [...named, ...listed.flat(), ...onPath.map((folder) => dirname(folder))];
  return homes.flatMap((home) => (home === undefined ? [] : [home, join(home, "Contents", "Home")]));
}
