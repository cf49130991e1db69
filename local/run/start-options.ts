import type { Source } from "./choose-source.ts";
import type { CloudOptions } from "./cloud-options.ts";

/** The packaged stage, as far as the runtime reads it. */
export type Packaged = {
  readonly templateFile: string;
  readonly functions: Readonly<Record<string, string>>;
  readonly shimBundle: string;
  readonly jobsFolder: string;
  readonly jobsVersion: string;
};

export type StartLakeOptions = {
  readonly stateDir: string;
  readonly source: Source;
  /** Ends with the source: no schedule runs, a finished shim stays finished. */
  readonly once: boolean;
  /** Events after which the shim stops reading. */
  readonly limit?: number | undefined;
  /** Events per second, of the simulator or of a file; a file without it goes as fast as it can. */
  readonly rate?: number | undefined;
  readonly overrides: {
    readonly parameters: Readonly<Record<string, string>>;
    readonly shim: Readonly<Record<string, string>>;
  };
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  readonly packageStage: (request: {
    stage: string;
    outDir: string;
    signal: AbortSignal;
    progress: (line: string) => void;
  }) => Promise<Packaged>;
  readonly brokers?: 1 | 3;
  readonly faults?: CloudOptions["faults"];
};
