import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WikilakeError } from "../lib/platform/errors.ts";

/** What osls and esbuild read of the repository: files are copied (osls wants its configuration to be one), folders linked. */
const serviceFiles = ["package.json", "tsconfig.json", "serverless.yml"];
const serviceFolders = ["infra", "handlers", "lib", "schemas", "spark", "scripts", "node_modules"];
/** Lines of the tool's output that go into the error: enough for esbuild's and osls's longest single complaint. */
const shownLines = 40;

/** Only what the tool needs: packaging is offline, so no credentials, no profile of the person, no traces in their home. */
const environment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: home,
  TMPDIR: process.env["TMPDIR"],
  AWS_ACCESS_KEY_ID: "offline",
  AWS_SECRET_ACCESS_KEY: "offline",
  NO_COLOR: "1",
});

const stopped = (cause: Error | undefined): WikilakeError =>
  new WikilakeError("PACKAGE_FAILED", "packaging was stopped", { retriable: true, cause });

function run(command: readonly string[], cwd: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, {
      cwd,
      env: environment(cwd),
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    let failure: Error | undefined;
    child.once("error", (error) => {
      failure = error;
      // A child that never ran does not close.
      if (child.pid === undefined) reject(stopped(error));
    });
    child.once("close", (code) => {
      if (code === 0) return resolve();
      if (failure !== undefined || signal?.aborted) return reject(stopped(failure));
      const shown = output.trim().split("\n").slice(-shownLines).join("\n");
      const message = `serverless package ended with ${code}:\n${shown}`;
      reject(new WikilakeError("PACKAGE_FAILED", message, { retriable: false }));
    });
  });
}

/**
 * Runs `serverless package` for a stage; template and zips land in `outDir` under the framework's own names.
 * The framework writes to fixed folders beside serverless.yml, so it gets a folder of links to work in: two packagings
 * of one checkout do not meet. Throws WikilakeError PACKAGE_FAILED with the tool's last lines.
 */
export async function oslsPackage(root: string, stage: string, outDir: string, signal?: AbortSignal): Promise<void> {
  const service = await mkdtemp(join(tmpdir(), "wikilake-package-"));
  try {
    await Promise.all(serviceFiles.map((file) => copyFile(join(root, file), join(service, file))));
    await Promise.all(serviceFolders.map((folder) => symlink(join(root, folder), join(service, folder))));
    const tool = join(root, "node_modules", "osls", "bin", "serverless.js");
    await run([tool, "package", "--stage", stage, "--package", outDir], service, signal);
  } finally {
    await rm(service, { recursive: true, force: true });
  }
}
