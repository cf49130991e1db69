import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fileError } from "./install-errors.ts";

/** One thing in the cache. `fingerprint` changes with everything that makes its content, so an old one is never taken. */
export type Component = {
  readonly name: string;
  readonly fingerprint: string;
  /** Puts the component into the empty folder `staging`; whatever is there afterwards is what gets installed. */
  readonly build: (staging: string) => Promise<void>;
};

/** Files and sizes, written as the last step before the rename. */
const markerName = "installed.json";
const markerSchema = z.object({ files: z.record(z.string(), z.number()) });

export const componentFolder = (cacheDir: string, component: Pick<Component, "name" | "fingerprint">): string =>
  join(cacheDir, "components", `${component.name}-${component.fingerprint}`);

/** True when the component is there and every file has the size it was installed with. */
export async function isInstalled(folder: string): Promise<boolean> {
  try {
    const marker = markerSchema.parse(JSON.parse(await readFile(join(folder, markerName), "utf8")));
    const checks = Object.entries(marker.files).map(
      async ([file, bytes]) => (await stat(join(folder, file))).size === bytes,
    );
    return (await Promise.all(checks)).every((same) => same);
  } catch {
    return false;
  }
}

/**
 * Installs a component unless it is there, and returns its folder. All or nothing: it is built in a staging folder and
 * renamed. Call it under the install lock: what it finds in the staging area is left over from a start that died.
 */
export async function installComponent(cacheDir: string, component: Component): Promise<string> {
  const folder = componentFolder(cacheDir, component);
  if (await isInstalled(folder)) return folder;
  const staging = join(cacheDir, "staging", component.name);
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true });
    await component.build(staging);
    const files = await listFiles(staging);
    await writeFile(join(staging, markerName), JSON.stringify({ files }));
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(cacheDir, "components"), { recursive: true });
    await rename(staging, folder);
    return folder;
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw fileError(error, cacheDir);
  }
}

async function listFiles(folder: string): Promise<Record<string, number>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // Python writes its byte code whenever it likes: not part of what was installed.
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"));
  const sizes = files.map(async (entry): Promise<[string, number]> => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(folder.length + 1), (await stat(path)).size];
  });
  return Object.fromEntries(await Promise.all(sizes));
}
