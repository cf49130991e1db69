import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { WikilakeError } from "../../../lib/platform/errors.ts";

export type Checksum = { readonly sha256: string; readonly bytes: number };
/** File name → what it must be. */
export type Checksums = ReadonlyMap<string, Checksum>;
export type Mismatch = { readonly file: string; readonly problem: "missing" | "unexpected" | "size" | "digest" };

const linePattern = /^(?<sha256>[0-9a-f]{64}) (?<bytes>\d+) (?<file>[^/\s]+)$/;

/** Reads lines of `sha256 bytes file`; `#` starts a comment. Throws CHECKSUMS_INVALID on any other line. */
export function parseChecksums(text: string): Checksums {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map(parseLine));
}

function parseLine(line: string): [string, Checksum] {
  const { sha256, bytes, file } = linePattern.exec(line)?.groups ?? {};
  if (sha256 === undefined || bytes === undefined || file === undefined) {
    throw new WikilakeError("CHECKSUMS_INVALID", `Not a line of a checksum list: ${line.slice(0, 100)}`, {
      retriable: false,
    });
  }
  return [file, { sha256, bytes: Number(bytes) }];
}

/** The text that parseChecksums reads, sorted by file name so that a change shows as few lines. */
export function formatChecksums(checksums: Checksums): string {
  const names = [...checksums.keys()].sort();
  return names.map((file) => `${checksums.get(file)?.sha256} ${checksums.get(file)?.bytes} ${file}\n`).join("");
}

/** Checksums of every file directly in `folder`. */
export async function computeChecksums(folder: string): Promise<Checksums> {
  const names = await readdir(folder);
  const entries = names.map(async (file): Promise<[string, Checksum]> => [file, await checksumOf(join(folder, file))]);
  return new Map(await Promise.all(entries));
}

/** Compares every file directly in `folder` with the list; empty means that all are there and nothing else is. */
export function findMismatches(actual: Checksums, expected: Checksums): readonly Mismatch[] {
  const known = [...expected].flatMap(([file, { sha256, bytes }]): readonly Mismatch[] => {
    const found = actual.get(file);
    if (found === undefined) return [{ file, problem: "missing" }];
    if (found.bytes !== bytes) return [{ file, problem: "size" }];
    return found.sha256 === sha256 ? [] : [{ file, problem: "digest" }];
  });
  const unexpected = [...actual.keys()].filter((file) => !expected.has(file));
  return [...known, ...unexpected.map((file): Mismatch => ({ file, problem: "unexpected" }))];
}

export const totalBytes = (checksums: Checksums): number =>
  [...checksums.values()].reduce((sum, { bytes }) => sum + bytes, 0);

async function checksumOf(path: string): Promise<Checksum> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { sha256: hash.digest("hex"), bytes: (await stat(path)).size };
}
