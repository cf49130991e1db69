import path from "node:path";
import { readRunFile } from "../local/run/run-file.ts";
import { WrongUse } from "./errors.ts";

/** The lake that a command talks to: the local one, or a deployed stage through the caller's own AWS credentials. */
export type Target = {
  readonly kind: "local" | "stage";
  readonly stage: string;
  readonly region: string;
  /** Glue database of a layer. */
  database(layer: string): string;
  readonly workGroup: string;
  readonly stateDir: string | undefined;
};

export type TargetOptions = { readonly stage?: string | undefined; readonly state?: string | undefined };

export const defaultStateDir = ".wikilake";
const defaultRegion = "eu-west-1";

/**
 * Finds the target and sets the AWS_* environment for the SDK clients of this process: those of the local lake, or
 * nothing for a deployed stage (the usual AWS profile counts). Throws WrongUse when no local lake runs.
 */
export function resolveTarget(options: TargetOptions, env: NodeJS.ProcessEnv = process.env): Target {
  if (options.stage !== undefined && options.stage !== "local")
    return targetOf("stage", checkedStage(options.stage), env, undefined);
  const stateDir = path.resolve(options.state ?? env["WIKILAKE_STATE"] ?? defaultStateDir);
  const run = readRunFile(stateDir);
  if (!run)
    throw new WrongUse(
      `no lake is running in ${stateDir}. Start one with \`npm start\`, or name a deployed one with --stage.`,
    );
  Object.assign(env, run.environment);
  return targetOf("local", run.stage, env, stateDir);
}

/** Stage names become parts of bucket and database names. */
function checkedStage(stage: string): string {
  if (!/^[a-z][a-z0-9]{0,15}$/.test(stage))
    throw new WrongUse(`--stage ${JSON.stringify(stage)} is no stage name (a-z and 0-9, at most 16)`);
  return stage;
}

function targetOf(kind: Target["kind"], stage: string, env: NodeJS.ProcessEnv, stateDir: string | undefined): Target {
  return {
    kind,
    stage,
    region: env["AWS_REGION"] ?? defaultRegion,
    database: (layer) => `wikilake_${stage}_${layer}`,
    workGroup: `wikilake-${stage}-query`,
    stateDir,
  };
}
