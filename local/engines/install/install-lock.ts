import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type IdentifyProcess, identifyProcess } from "../process-identity.ts";
import type { Progress } from "./progress.ts";
import { interrupted } from "./run-command.ts";

const holderSchema = z.object({ pid: z.number().int().positive(), startedAt: z.string() });
type Holder = z.infer<typeof holderSchema>;

export type LockOptions = {
  readonly cacheDir: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  readonly identify?: IdentifyProcess;
  readonly now?: () => number;
};

/** Pause between two looks at a lock held by another start. */
const retryEveryMs = 500;

/** Runs `work` while no other start on this machine installs; a lock whose holder has died is taken over. */
export async function withInstallLock<Result>(options: LockOptions, work: () => Promise<Result>): Promise<Result> {
  const path = join(options.cacheDir, "install.lock");
  await mkdir(options.cacheDir, { recursive: true });
  await acquire(path, options);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string, options: LockOptions): Promise<void> {
  const { identify = identifyProcess, now = Date.now } = options;
  const startedAt = now();
  while (!(await tryCreate(path, identify))) {
    if (options.signal?.aborted) throw interrupted();
    const holder = await readHolder(path);
    if (holder !== undefined && !(await isAlive(holder, identify))) {
      await rm(path, { force: true });
      continue;
    }
    const message = `waiting for another start that installs (process ${holder?.pid ?? "unknown"})`;
    options.progress({ part: "install", message, elapsedMs: now() - startedAt });
    await sleep(retryEveryMs);
  }
}

async function tryCreate(path: string, identify: IdentifyProcess): Promise<boolean> {
  const self = await identify(process.pid);
  try {
    const file = await open(path, "wx");
    await file.writeFile(JSON.stringify({ pid: process.pid, startedAt: self?.startedAt ?? "" }));
    await file.close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function isAlive(holder: Holder, identify: IdentifyProcess): Promise<boolean> {
  const found = await identify(holder.pid);
  return found !== undefined && found.startedAt === holder.startedAt;
}

/** Undefined while the other start is just writing the file, or when it is not ours to read. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
