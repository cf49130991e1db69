import { link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { errnoOf } from "../errno.ts";
import { type IdentifyProcess, identifyProcess } from "../process-identity.ts";
import { type Progress, reportEveryMs } from "./progress.ts";
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
  let reportedAt = Number.NEGATIVE_INFINITY;
  while (!(await tryCreate(path, identify))) {
    if (options.signal?.aborted) throw interrupted();
    const holder = await readHolder(path);
    if (await isAbandoned(path, holder, { identify, now })) {
      await takeAway(path, holder);
      continue;
    }
    if (now() - reportedAt >= reportEveryMs) {
      reportedAt = now();
      const message = `waiting for another start that installs (process ${holder?.pid ?? "unknown"})`;
      options.progress({ part: "install", message, elapsedMs: now() - startedAt });
    }
    await sleep(retryEveryMs);
  }
}

type LockDeps = { readonly identify: IdentifyProcess; readonly now: () => number };

/** The holder has died; or the file has had no readable holder for so long that its maker died while writing it. */
async function isAbandoned(path: string, holder: Holder | undefined, { identify, now }: LockDeps): Promise<boolean> {
  if (holder !== undefined) return (await identify(holder.pid))?.startedAt !== holder.startedAt;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && now() - found.mtimeMs > unreadableForMs;
}

/** Writing the holder takes a millisecond. */
const unreadableForMs = 5_000;

/**
 * Removes an abandoned lock. Two starts may find it at once, and the slower one must not remove what the quicker one
 * has made since: it is moved away first, and put back when it turns out to have a new holder.
 */
async function takeAway(path: string, abandoned: Holder | undefined): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved !== undefined && !sameHolder(moved, abandoned)) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

const sameHolder = (one: Holder, other: Holder | undefined): boolean =>
  one.pid === other?.pid && one.startedAt === other.startedAt;

async function tryCreate(path: string, identify: IdentifyProcess): Promise<boolean> {
  const self = await identify(process.pid);
  try {
    const file = await open(path, "wx");
    await file.writeFile(JSON.stringify({ pid: process.pid, startedAt: self?.startedAt ?? "" }));
    await file.close();
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined while the other start is just writing the file, or when it is not ours to read. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
