import type { Progress } from "./progress.ts";
import type { RunCommand } from "./run-command.ts";

/** What every step of the installation works with. */
export type InstallContext = {
  readonly cacheDir: string;
  /** Folder of poms/, checksums/, python/ and java/. */
  readonly sourceDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly maven: string;
  readonly mavenEnv: NodeJS.ProcessEnv;
  readonly run: RunCommand;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Writes the checksum lists instead of checking against them: for whoever changes a version. */
  readonly recordChecksums: boolean;
};
