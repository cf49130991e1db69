import type { Logger } from "../../lib/platform/logger.ts";
import type { AthenaFaults } from "../aws/athena/faults.ts";
import type { EcsRuntimeDeps } from "../aws/ecs/runtime.ts";
import type { SparkHome } from "../aws/emr-serverless/spark-command.ts";
import type { S3Hooks } from "../aws/s3/faults.ts";
import type { RunningEngines } from "../engines/start-engines.ts";

export type CloudOptions = {
  readonly stackName: string;
  readonly stateDir: string;
  readonly engines: Pick<RunningEngines, "s3" | "catalog" | "kafka" | "trino">;
  readonly spark: SparkHome;
  /** Zip of a function by its logical id. */
  readonly zipOf: (logicalId: string) => string;
  readonly shimBundle: string;
  readonly shimOverrides: EcsRuntimeDeps["overridesFor"];
  readonly onShimLine: (line: string) => void;
  readonly onProblem: (problem: string) => void;
  readonly logger: Logger;
  readonly faults?: { readonly athena?: AthenaFaults; readonly s3?: S3Hooks };
};
