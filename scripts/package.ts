import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { describeError, WikilakeError } from "../lib/platform/errors.ts";
import { hashFiles, listFiles } from "./file-hash.ts";
import { oslsPackage } from "./osls-package.ts";
import { packageShim } from "./package-shim.ts";
import { packageSpark } from "./package-spark.ts";
import { inputsHashName, type PackagedStage, readPackagedStage } from "./packaged-stage.ts";

export type { PackagedStage } from "./packaged-stage.ts";

export type PackageRequest = {
  readonly stage: string;
  /** Replaced as a whole when something changed. */
  readonly outDir: string;
  readonly signal?: AbortSignal;
  /** One line at a time, for a person. */
  readonly progress?: (message: string) => void;
};

const root = resolve(import.meta.dirname, "..");
/** Everything that can change what is packaged. */
const inputs = [
  "serverless.yml",
  "package.json",
  "package-lock.json",
  "infra",
  "handlers",
  "lib",
  "schemas",
  "shim",
  "spark",
  "scripts",
];
/** A stage is part of bucket, database and topic names: lower case, no separators, short enough for all of them. */
const stageName = /^[a-z][a-z0-9]{0,15}$/;

function hashInputs(stage: string): string {
  const files = inputs.flatMap((entry) => listFiles(join(root, entry)));
  return `${hashFiles(root, files)} ${stage} ${process.version}`;
}

async function isCurrent(outDir: string, hash: string): Promise<boolean> {
  const file = join(outDir, inputsHashName);
  return existsSync(file) && (await readFile(file, "utf8")) === hash;
}

/** Two packagings of the same inputs may end at once: whoever comes second finds its own result already there. */
async function moveIntoPlace(built: string, outDir: string, hash: string): Promise<void> {
  if (await isCurrent(outDir, hash)) return;
  await rm(outDir, { recursive: true, force: true });
  try {
    await rename(built, outDir);
  } catch (error) {
    if (!(await isCurrent(outDir, hash))) throw error;
  }
}

async function build(request: PackageRequest, outDir: string, hash: string): Promise<void> {
  const progress = request.progress ?? (() => {});
  await mkdir(dirname(outDir), { recursive: true });
  const built = await mkdtemp(`${outDir}-building-`);
  try {
    progress(`packaging stage ${request.stage}: template and functions`);
    await oslsPackage(root, request.stage, built, request.signal);
    progress("packaging the shim and the Spark jobs");
    await packageShim(root, join(built, "shim"));
    await packageSpark(root, join(built, "jobs"));
    await writeFile(join(built, inputsHashName), hash);
    await moveIntoPlace(built, outDir, hash);
  } finally {
    await rm(built, { recursive: true, force: true });
  }
}

/**
 * Packages a stage: the CloudFormation template and zips that AWS is given, the shim's bundle, the Spark job files.
 * Does nothing when `outDir` already holds the result of the same inputs (about 0.1 s). Throws WikilakeError
 * PACKAGE_FAILED (tool's message) or PACKAGE_STAGE_NAME.
 */
export async function packageStage(request: PackageRequest): Promise<PackagedStage> {
  if (!stageName.test(request.stage)) {
    const rule = "a stage is 1 to 16 lower-case letters and digits and starts with a letter";
    throw new WikilakeError("PACKAGE_STAGE_NAME", `"${request.stage}" is no stage name: ${rule}`, { retriable: false });
  }
  const outDir = resolve(request.outDir);
  const hash = hashInputs(request.stage);
  const wasCurrent = await isCurrent(outDir, hash);
  if (!wasCurrent) await build(request, outDir, hash);
  return readPackagedStage(outDir, request.stage, hash, !wasCurrent);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { stage: { type: "string", default: "dev" }, out: { type: "string" } },
  });
  const stage = values.stage;
  const outDir = values.out ?? join(root, "dist", stage);
  const packaged = await packageStage({ stage, outDir, progress: (line) => console.log(line) });
  console.log(`${packaged.isFresh ? "packaged" : "up to date"}: ${packaged.folder}`);
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    console.error(describeError(error));
    process.exitCode = 1;
  });
}
