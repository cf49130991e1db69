import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What a running local lake tells other processes: written when it is ready, removed when it has stopped. */
export type RunFile = {
  readonly pid: number;
  readonly startedAt: string;
  readonly stage: string;
  readonly source: string;
  /** Environment with which the operator's AWS clients reach this lake: endpoints, region, credentials. */
  readonly environment: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
};

const fileOf = (stateDir: string): string => path.join(stateDir, "run.json");

/** Atomic: a reader sees the old file or the new one. Readable by the owner only; the keys inside work on loopback only. */
export function writeRunFile(stateDir: string, run: RunFile): void {
  mkdirSync(stateDir, { recursive: true });
  const temporary = `${fileOf(stateDir)}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, fileOf(stateDir));
}

export const removeRunFile = (stateDir: string): void => rmSync(fileOf(stateDir), { force: true });

/** The lake that runs with this state folder, or undefined when none does (a file left by a killed run is none). */
export function readRunFile(stateDir: string): RunFile | undefined {
  if (!existsSync(fileOf(stateDir))) return undefined;
  try {
    const run = JSON.parse(readFileSync(fileOf(stateDir), "utf8")) as RunFile; // written by writeRunFile above
    return isAlive(run.pid) ? run : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process with that number is not ours to signal, but it is alive.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
