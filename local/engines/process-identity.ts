import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** What tells one process from a later one with the same number. `startedAt` is opaque: compare for equality only. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string; readonly commandLine: string };

export type IdentifyProcess = (pid: number) => Promise<ProcessIdentity | undefined>;

const execFileAsync = promisify(execFile);

/** Identity of a running process; undefined when there is none (a zombie counts as none). Linux reads /proc, others ask `ps`. */
export const identifyProcess: IdentifyProcess = (pid) => (process.platform === "linux" ? fromProc(pid) : fromPs(pid));

async function fromProc(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    return parseProcStat(pid, stat, commandLine);
  } catch {
    return undefined;
  }
}

/** Reads `/proc/<pid>/stat`. The program's name, in brackets, may hold spaces and brackets: fields count from its end. */
export function parseProcStat(pid: number, stat: string, commandLine: string): ProcessIdentity | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  // Field 22 of the file is the start time in ticks since boot; two fields stand before the ones counted here.
  const startedAt = fields[19];
  if (state === undefined || state === "Z" || startedAt === undefined) return undefined;
  return { pid, startedAt, commandLine: commandLine.split("\0").join(" ").trim() };
}

async function fromPs(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const { stdout } = await execFileAsync("ps", ["-o", "lstart=,command=", "-p", String(pid)]);
    return parsePsLine(pid, stdout);
  } catch {
    return undefined;
  }
}

/** `lstart` is five words, e.g. `Sat Nov 21 15:46:02 2026`; the rest of the line is the command. */
export function parsePsLine(pid: number, line: string): ProcessIdentity | undefined {
  const words = line.trim().split(/\s+/);
  if (words.length < 6) return undefined;
  return { pid, startedAt: words.slice(0, 5).join(" "), commandLine: words.slice(5).join(" ") };
}
