import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describeError, WikilakeError } from "../lib/platform/errors.ts";
import { cacheDirOf } from "../local/engines/cache-dir.ts";
import { packageStage } from "./package.ts";

/** Pinned: a rule that is new in a later version is looked at when the pin moves, not in the middle of other work. */
const linter = "cfn-lint==1.58.0";
/** dev: two brokers in two zones; prod: three in three; local: what `npm start` realises. */
const stages = ["dev", "prod", "local"];

const root = resolve(import.meta.dirname, "..");

function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((done, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", reject);
    child.once("close", (code) => done(code ?? 1));
  });
}

async function runOrThrow(command: string, args: readonly string[]): Promise<void> {
  const code = await run(command, args);
  if (code !== 0) {
    throw new WikilakeError("LINTER_NOT_INSTALLED", `${command} ${args.join(" ")} ended with ${code}`, {
      retriable: true,
    });
  }
}

/** Installs the linter once into the cache, complete or not at all; returns the path of its program. */
async function installLinter(): Promise<string> {
  const folder = join(cacheDirOf(process.env), linter.replace("==", "-"));
  const program = join(folder, "bin", "cfn-lint");
  if (existsSync(program)) return program;
  await mkdir(cacheDirOf(process.env), { recursive: true });
  console.log(`installing ${linter} into ${folder}`);
  // A venv holds its own path, so it is built where it stays; the marker of completeness is the program itself.
  await rm(folder, { recursive: true, force: true });
  await runOrThrow("python3", ["-m", "venv", folder]);
  await runOrThrow(join(folder, "bin", "python"), [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    linter,
  ]);
  return program;
}

async function main(): Promise<number> {
  const program = await installLinter();
  const templates: string[] = [];
  for (const stage of stages) {
    templates.push((await packageStage({ stage, outDir: join(root, "dist", stage) })).templateFile);
  }
  const code = await run(program, ["--config-file", join(root, ".cfnlintrc"), "--template", ...templates]);
  console.log(code === 0 ? `cfn-lint: ${stages.join(", ")} clean` : `cfn-lint ended with ${code}`);
  return code;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(describeError(error));
  return 1;
});
