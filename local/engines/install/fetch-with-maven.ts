import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type Checksums,
  computeChecksums,
  findMismatches,
  formatChecksums,
  parseChecksums,
  totalBytes,
} from "./checksums.ts";
import type { InstallContext } from "./install-context.ts";
import { checksumMismatch, commandError, mavenMissing } from "./install-errors.ts";
import { reportEveryMs } from "./progress.ts";

/** The one Maven plugin used, pinned; it copies the jars that a pom names. */
const copyGoal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/**
 * Timeouts of Maven's two HTTP transports (3.8's wagon and 3.9's native one): its own default lets a dead connection
 * hang for half an hour.
 */
const timeoutOptions = [
  "-Dmaven.wagon.http.retryHandler.count=3",
  "-Dmaven.wagon.rto=60000",
  "-Daether.connector.connectTimeout=20000",
  "-Daether.connector.requestTimeout=60000",
] as const;

/** A file that differs is fetched once more: it may have been cut on the way or on disk. */
const attempts = 2;

/** Fetches the jars of `poms/<part>.xml` into the existing folder `target`, and verifies each against `checksums/<part>.txt`. */
export async function fetchWithMaven(context: InstallContext, part: string, target: string): Promise<void> {
  const list = join(context.sourceDir, "checksums", `${part}.txt`);
  if (context.recordChecksums) {
    await copyDependencies(context, part, target, new Map());
    await writeFile(list, formatChecksums(await computeChecksums(target)));
    return;
  }
  const expected = parseChecksums(await readFile(list, "utf8"));
  for (let attempt = 1; ; attempt += 1) {
    await copyDependencies(context, part, target, expected);
    const wrong = findMismatches(await computeChecksums(target), expected);
    await forgetFetched(context, expected);
    if (wrong.length === 0) return;
    const files = wrong.map(({ file, problem }) => `${file} (${problem})`);
    if (attempt === attempts) throw checksumMismatch(part, files);
    await Promise.all(wrong.map(({ file }) => rm(join(target, file), { force: true })));
  }
}

async function copyDependencies(context: InstallContext, part: string, target: string, expected: Checksums) {
  const stopReporting = reportDownload(context, part, expected);
  try {
    const result = await context.run({
      command: context.maven,
      args: [
        "--batch-mode",
        "--no-transfer-progress",
        "--file",
        join(context.sourceDir, "poms", `${part}.xml`),
        `-Dmaven.repo.local=${repositoryOf(context)}`,
        ...timeoutOptions,
        copyGoal,
        "-DincludeScope=runtime",
        `-DoutputDirectory=${target}`,
      ],
      env: context.mavenEnv,
      signal: context.signal,
    });
    if (result.kind === "missing") throw mavenMissing();
    if (result.kind === "failed") throw commandError(`Fetching ${part} with Maven`, result);
  } finally {
    stopReporting();
  }
}

/** A repository of our own: what is in it can be thrown away, which nobody would like of theirs. */
const repositoryOf = (context: InstallContext): string => join(context.cacheDir, "m2");

/** Maven says nothing while a large file comes in, so the sizes on disk tell. */
function reportDownload(context: InstallContext, part: string, expected: Checksums): () => void {
  const startedAt = context.now();
  const total = totalBytes(expected);
  const report = async (): Promise<void> => {
    const files = await fetchedFiles(context, expected);
    const doneBytes = Math.min(
      total,
      files.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    const size = total === 0 ? {} : { doneBytes, totalBytes: total };
    context.progress({ part, message: "fetching", elapsedMs: context.now() - startedAt, ...size });
  };
  const timer = setInterval(() => void report().catch(() => undefined), reportEveryMs);
  return () => clearInterval(timer);
}

type FetchedFile = { readonly path: string; readonly bytes: number };

/** What Maven's transports append to the name of a file that is coming in: `.part`, `-<random>.tmp`, `.<random>.tmp`. */
const underWay = /(\.part|[-.][^-.]+\.tmp)$/;

/** Files of the repository that belong to the list; a download under way has the name with something appended. */
async function fetchedFiles(context: InstallContext, expected: Checksums): Promise<readonly FetchedFile[]> {
  const names = await readdir(repositoryOf(context), { recursive: true });
  const wanted = names.filter((name) => {
    const file = basename(name);
    return expected.has(file) || expected.has(file.replace(underWay, ""));
  });
  return Promise.all(wanted.map(async (name) => sized(join(repositoryOf(context), name))));
}

async function sized(path: string): Promise<FetchedFile> {
  return { path, bytes: (await stat(path)).size };
}

/** Drops the jars from the repository once they are copied: half the disk space, and a bad one is not taken again. */
async function forgetFetched(context: InstallContext, expected: Checksums): Promise<void> {
  const files = await fetchedFiles(context, expected);
  await Promise.all(files.map(({ path }) => rm(path, { force: true })));
}
