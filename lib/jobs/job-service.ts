/** Why a run is not over yet, as EMR Serverless names it. Anything else is final. */
export const activeStates = ["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "CANCELLING", "QUEUED"] as const;

export type JobRunSummary = { readonly id: string; readonly name: string; readonly state: string };

export type JobRequest = {
  /** At most 64 characters of [A-Za-z0-9._-]: the same token starts the same run once, however often it is sent. */
  readonly clientToken: string;
  readonly name: string;
  readonly entryPoint: string;
  readonly entryPointArguments: readonly string[];
  readonly sparkSubmitParameters: string;
  readonly timeoutMinutes: number;
  readonly tags: Readonly<Record<string, string>>;
};

/** Port: the service that runs Spark jobs. */
export type JobService = {
  /** Runs of the application that are not over, in any order. */
  listActive(): Promise<readonly JobRunSummary[]>;
  /** Id of the run that the client token stands for. Throws JobStartError. */
  start(request: JobRequest): Promise<string>;
};
