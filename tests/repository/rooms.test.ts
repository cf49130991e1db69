import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";

/** Which rooms a room may import from besides itself. The table of the architecture; anything else fails. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  "lib/platform": [],
  "lib/core": [],
  "lib/steps": ["lib/core", "lib/platform"],
  "lib/sse": ["lib/core", "lib/platform"],
  "lib/kafka": ["lib/core", "lib/platform"],
  "lib/lake": ["lib/core", "lib/platform", "schemas"],
  "lib/jobs": ["lib/core", "lib/platform"],
  "lib/alerts": ["lib/core", "lib/platform"],
  schemas: [],
  shim: ["lib/*", "schemas"],
  handlers: ["lib/*", "schemas"],
  // The command line starts the local runtime; it is the one room that sees both sides.
  cli: ["lib/*", "local", "schemas", "scripts"],
  // The local runtime must not share the code that it checks.
  local: ["lib/platform", "schemas"],
  dashboard: ["lib/core"],
  scripts: ["lib/platform", "schemas", "local"],
  bench: ["lib/*", "shim", "handlers", "local", "cli", "schemas", "scripts"],
  spark: [],
};

const root = path.resolve(import.meta.dirname, "../..");
const skipped = new Set(["node_modules", "tests", "docs", "infra", "bin"]);

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const file = path.posix.join(folder, entry.name);
    if (entry.name.startsWith(".") || skipped.has(entry.name)) continue;
    if (entry.isDirectory()) yield* sources(file);
    else if (/\.(ts|mjs)$/.test(entry.name) && folder !== "") yield file;
  }
}

const roomOf = (file: string): string => {
  const [first = "", second = ""] = file.split("/");
  return first === "lib" ? `lib/${second}` : first;
};

type Import = { readonly file: string; readonly target: string };

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), "utf8");
  const pattern = /(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;
  return [...text.matchAll(pattern)].map(([, relative]) => ({
    file,
    target: path.posix.normalize(path.posix.join(path.posix.dirname(file), relative ?? "")),
  }));
}

function complaint({ file, target }: Import): string | undefined {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === "handlers" && to === "handlers" && file.split("/")[1] !== target.split("/")[1])
    return `${file}: a handler imports another (${target})`;
  if (from === to) return undefined;
  const rooms = allowed[from];
  if (!rooms) return `${file}: the room ${from} is not in the table`;
  const isAllowed = rooms.some((room) => (room.endsWith("/*") ? to.startsWith(room.slice(0, -1)) : to === room));
  return isAllowed ? undefined : `${file}: ${from} may not import ${to} (${target})`;
}

describe("the rooms", () => {
  const files = [...sources("")];

  test("are found", () => expect(files.length).toBeGreaterThan(10));

  test("import only what the table allows", () => {
    expect(files.flatMap(importsOf).map(complaint).filter(Boolean)).toEqual([]);
  });

  test("would be caught importing what it does not", () => {
    expect(complaint({ file: "local/aws/s3/front.ts", target: "lib/lake/commit-slot.ts" })).toContain("may not import");
    expect(complaint({ file: "handlers/a/handler.ts", target: "handlers/b/deps.ts" })).toContain("imports another");
    expect(complaint({ file: "lib/core/cursor.ts", target: "lib/platform/logger.ts" })).toContain("may not import");
  });
});
