import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Never part of what is packaged: caches of the tools that read the same folders. */
const skippedFolders = new Set(["node_modules", "__pycache__", ".pytest_cache", ".venv"]);

/** Files at or below `path`, sorted, as absolute paths; empty when nothing is there. */
export function listFiles(path: string): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !skippedFolders.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() || entry.isFile() ? listFiles(join(path, entry.name)) : []));
}

/**
 * SHA-256, as hex, over the names (relative to `root`, with `/`) and contents of files. Same files, same hash, on every
 * machine; order of `files` does not matter.
 */
export function hashFiles(root: string, files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of [...files].sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file).split(sep).join("/")}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
