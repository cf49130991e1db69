import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";

/** One log file of a unit. Lines are written in order; the file is moved to `<name>.1` when it has grown too large. */
export type UnitLog = { write(line: string): void };

/** A day of a busy function is about 20 MB; an endless error loop must not fill the disk. */
const maxLogBytes = 64 * 1024 * 1024;
/** Longest line kept: CloudWatch Logs cuts an event at 256 KiB. */
const maxLineChars = 256 * 1024;

/** Opens `file` for appending. Writing is synchronous so that the lines before a crash are on disk. */
export function createUnitLog(file: string): UnitLog {
  mkdirSync(path.dirname(file), { recursive: true });
  let bytes = sizeOf(file);
  return {
    write: (line) => {
      const text = `${line}\n`;
      if (bytes + text.length > maxLogBytes) {
        renameSync(file, `${file}.1`);
        bytes = 0;
      }
      appendFileSync(file, text);
      bytes += text.length;
    },
  };
}

/** Calls `onLine` for each line of a child's output; an unfinished last line is handed over at the end. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.slice(0, maxLineChars));
    if (rest.length > maxLineChars) {
      onLine(rest.slice(0, maxLineChars));
      rest = "";
    }
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
    rest = "";
  });
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
