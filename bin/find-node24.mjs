import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Path of a Node 24 binary: this one when it is 24 or newer, else the platform package's. Throws with what to do. */
export function findNode24() {
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  const name = process.platform === "win32" ? "node.exe" : "bin/node";
  const candidate = path.join(root, "node_modules", `node-${process.platform}-${process.arch}`, name);
  if (existsSync(candidate)) return candidate;
  console.error(
    `wikilake needs Node 24; this is ${process.version} and the package node-${process.platform}-${process.arch} is not installed.`,
  );
  console.error("Run `npm ci` (without --omit=optional), or install Node 24.");
  process.exit(1);
}
