import type { WikilakeError } from "../../lib/platform/errors.ts";

/** What the shim says when its source has ended: every event read, by what became of it. */
export type SourceSummary = {
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly duplicates: number;
  readonly alreadyDelivered: number;
};

export type CycleOutcome = {
  readonly runId: string;
  /** Final state of the job run, or why none was started. */
  readonly state: string;
  readonly details: string;
};

/** A lake that runs on this machine. */
export type Lake = {
  readonly stage: string;
  readonly stateDir: string;
  /** Environment for AWS clients of the person at the keyboard. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves when the shim's source has ended by itself; a live feed never does. */
  readonly sourceFinished: Promise<SourceSummary>;
  /** Resolves with the reason when the lake cannot go on. */
  readonly failure: Promise<WikilakeError>;
  /** Records that the mappings have not committed yet, by topic. */
  lag(): Promise<Readonly<Record<string, number>>>;
  /** Loads what lies in ops-inbox now instead of at the next minute. */
  loadOps(): Promise<void>;
  /** Starts one silver/gold cycle through the scheduled function and waits for its end. */
  runCycle(): Promise<CycleOutcome>;
  /** Resident memory of this process and everything below it, in MiB. */
  memoryMiB(): Promise<number>;
  stop(): Promise<void>;
};
