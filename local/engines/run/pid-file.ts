import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import type { IdentifyProcess, ProcessIdentity } from "../process-identity.ts";

const recordSchema = z.object({ name: z.string(), pid: z.number().int().positive(), startedAt: z.string() });
const fileSchema = z.object({ owner: recordSchema, engines: z.array(recordSchema) });

/** A process as it was when it was started; `startedAt` tells it from a later one with the same number. */
export type ProcessRecord = z.infer<typeof recordSchema>;
export type PidFile = z.infer<typeof fileSchema>;

const pathOf = (stateDir: string): string => join(stateDir, "engines", "pids.json");

/** What an earlier run left in the state folder; undefined when there was none, or its file is unreadable. */
export async function readPidFile(stateDir: string): Promise<PidFile | undefined> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(pathOf(stateDir), "utf8")));
  } catch {
    return undefined;
  }
}

/** Replaces the file in one step: a start that dies in between leaves the old list, never half of one. */
export async function writePidFile(stateDir: string, file: PidFile): Promise<void> {
  await mkdir(join(stateDir, "engines"), { recursive: true });
  await writeFile(`${pathOf(stateDir)}.new`, JSON.stringify(file));
  await rename(`${pathOf(stateDir)}.new`, pathOf(stateDir));
}

/** Same number, same start time, and its command line names our state folder: anything less might be someone else's. */
export function isLeftover(record: ProcessRecord, found: ProcessIdentity | undefined, stateDir: string): boolean {
  return found !== undefined && found.startedAt === record.startedAt && found.commandLine.includes(stateDir);
}

export type ReapDeps = { readonly identify: IdentifyProcess; readonly kill: (pid: number) => void };

/**
 * Ends engines that an earlier run of this state folder left behind, and returns them. Throws STATE_IN_USE when that
 * run is still alive.
 */
export async function reapLeftovers(stateDir: string, deps: ReapDeps): Promise<readonly ProcessRecord[]> {
  const file = await readPidFile(stateDir);
  if (file === undefined) return [];
  const owner = await deps.identify(file.owner.pid);
  if (owner?.startedAt === file.owner.startedAt && owner.pid !== process.pid) {
    const message = `${stateDir} is in use by process ${owner.pid}; stop that one, or give another state folder.`;
    throw new WikilakeError("STATE_IN_USE", message, { retriable: false });
  }
  const reaped: ProcessRecord[] = [];
  for (const record of file.engines) {
    if (!isLeftover(record, await deps.identify(record.pid), stateDir)) continue;
    deps.kill(record.pid);
    reaped.push(record);
  }
  return reaped;
}

export type PidKeeper = { readonly set: (name: string, pid: number | undefined) => Promise<void> };

/** Keeps the list of running engines in the state folder up to date; writes follow each other in order. */
export async function createPidKeeper(stateDir: string, identify: IdentifyProcess): Promise<PidKeeper> {
  const self = await identify(process.pid);
  const owner = { name: "wikilake", pid: process.pid, startedAt: self?.startedAt ?? "" };
  const running = new Map<string, ProcessRecord>();
  let last: Promise<void> = writePidFile(stateDir, { owner, engines: [] });
  await last;
  const set = async (name: string, pid: number | undefined): Promise<void> => {
    const found = pid === undefined ? undefined : await identify(pid);
    if (found === undefined) running.delete(name);
    else running.set(name, { name, pid: found.pid, startedAt: found.startedAt });
    const write = last.then(() => writePidFile(stateDir, { owner, engines: [...running.values()] }));
    last = write.catch(() => undefined);
    // An entry too many does no harm (an ended process is recognised); on a full disk an engine must still be stopped.
    await (pid === undefined ? last : write);
  };
  return { set };
}
