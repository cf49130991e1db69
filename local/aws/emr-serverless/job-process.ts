import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Principal } from "../service.ts";
import { createUnitLog, eachLine } from "../unit-log.ts";
import type { JobRun } from "./job-run.ts";
import { type LakeAccess, type SparkHome, sparkCommand } from "./spark-command.ts";
import { parseSubmitParameters, type SubmitParameters } from "./submit-parameters.ts";

export type JobProcessDeps = {
  readonly stateDir: string;
  readonly spark: SparkHome;
  /** The lake as this role reaches it. */
  readonly lakeFor: (principal: Principal) => LakeAccess;
  readonly environmentFor: (principal: Principal) => Readonly<Record<string, string>>;
  /** Reads an object as the role: s3:GetObject is asked of IAM. */
  readonly getObject: (principal: Principal, bucket: string, key: string) => Promise<Uint8Array>;
};

export type JobProcess = {
  /** Resolves when the driver is gone. */
  readonly ended: Promise<JobEnd>;
  readonly pid: number | undefined;
  /** SIGTERM to the driver and its Python, SIGKILL after the grace. */
  kill(graceMs: number): void;
};
export type JobEnd = { readonly exitCode: number | null; readonly signal: string | null; readonly lastLine: string };

const maxDetailChars = 500;

/** Fetches the job's files as its role and starts the driver. Rejects when a file cannot be had. */
export async function startJobProcess(run: JobRun, principal: Principal, deps: JobProcessDeps): Promise<JobProcess> {
  const workDir = path.join(deps.stateDir, "runtime", "emr", "work", run.jobRunId);
  await mkdir(workDir, { recursive: true });
  const { sparkSubmit } = run.request.jobDriver;
  const parameters = parametersOf(run);
  const fetch = (uri: string): Promise<string> => fetchFile(uri, workDir, principal, deps);
  const entryPoint = await fetch(sparkSubmit.entryPoint);
  const pyFiles = await Promise.all(parameters.pyFiles.map(fetch));
  const command = sparkCommand(
    {
      runId: run.jobRunId,
      name: run.request.name ?? run.jobRunId,
      workDir,
      entryPoint,
      pyFiles,
      arguments: sparkSubmit.entryPointArguments,
      parameters,
    },
    deps.spark,
    deps.lakeFor(principal),
    deps.environmentFor(principal),
  );
  return launch(command, path.join(deps.stateDir, "logs", "jobs", run.jobRunId), workDir);
}

/** spark-defaults of the request, under what the parameters say. Throws ValidationException for what is not understood. */
export function parametersOf(run: Pick<JobRun, "request">): SubmitParameters {
  const { request } = run;
  const parameters = parseSubmitParameters(request.jobDriver.sparkSubmit.sparkSubmitParameters);
  const defaults = (request.configurationOverrides?.applicationConfiguration ?? [])
    .filter(({ classification }) => classification === "spark-defaults")
    .flatMap(({ properties }) => Object.entries(properties));
  return { ...parameters, conf: { ...Object.fromEntries(defaults), ...parameters.conf } };
}

async function fetchFile(uri: string, workDir: string, principal: Principal, deps: JobProcessDeps): Promise<string> {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const file = path.join(workDir, path.basename(key));
  await writeFile(file, await deps.getObject(principal, bucket, key));
  return file;
}

function launch(command: ReturnType<typeof sparkCommand>, logDir: string, workDir: string): JobProcess {
  const stdout = createUnitLog(path.join(logDir, "stdout.log"));
  const stderr = createUnitLog(path.join(logDir, "stderr.log"));
  // Its own process group: the driver and its Python end together, and Ctrl-C at the terminal reaches neither.
  const child = spawn(command.program, command.args, {
    cwd: workDir,
    env: { ...command.environment },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let lastLine = "";
  // A Python traceback ends with the error itself. The driver prints its Python's stderr on its own stdout.
  const remember = (line: string): void => {
    if (/^[A-Za-z_.]*(Error|Exception)\b/.test(line)) lastLine = line.slice(0, maxDetailChars);
  };
  eachLine(child.stdout, (line) => {
    stdout.write(line);
    remember(line);
  });
  eachLine(child.stderr, (line) => {
    stderr.write(line);
    remember(line);
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone.
    }
  };
  const ended = new Promise<JobEnd>((resolve) => {
    child.once("error", (error) => resolve({ exitCode: null, signal: null, lastLine: error.message }));
    child.once("close", (exitCode, signal) => {
      // A Python that outlived its driver would hold the lake's files.
      signalGroup("SIGKILL");
      resolve({ exitCode, signal, lastLine });
    });
  }).finally(() => rm(workDir, { recursive: true, force: true }));
  return {
    ended,
    pid: child.pid,
    kill: (graceMs) => {
      signalGroup("SIGTERM");
      const timer = setTimeout(() => signalGroup("SIGKILL"), graceMs);
      void ended.then(() => clearTimeout(timer));
    },
  };
}
