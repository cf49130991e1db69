import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What the runtime sees by itself, once a second: nothing here asks an engine. */
export type RuntimeStatus = {
  readonly at: string;
  readonly phase: string;
  readonly shim: {
    readonly state: string;
    readonly restarts: number;
    readonly acked: number;
    readonly eventsPerSecond: number;
  };
  /** Records not yet committed by the mapping's group, by topic. */
  readonly lag: Readonly<Record<string, number>>;
  readonly lastJob:
    | { readonly id: string; readonly name: string; readonly state: string; readonly endedAt?: string }
    | undefined;
  readonly memoryMiB: number;
  readonly problems: readonly string[];
};

const fileOf = (stateDir: string): string => path.join(stateDir, "status.json");

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeStatusFile(stateDir: string, status: RuntimeStatus): void {
  const temporary = `${fileOf(stateDir)}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(status));
  renameSync(temporary, fileOf(stateDir));
}

/** The last status written, or undefined before the first. */
export function readStatusFile(stateDir: string): RuntimeStatus | undefined {
  if (!existsSync(fileOf(stateDir))) return undefined;
  return JSON.parse(readFileSync(fileOf(stateDir), "utf8")) as RuntimeStatus; // written by writeStatusFile
}
