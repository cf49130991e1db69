import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeProgress } from "../../local/engines/install/progress.ts";
import { installEngines } from "../../local/engines/install-engines.ts";
import type { EngineName } from "../../local/engines/installation.ts";
import { type RunningEngines, type StartOptions, startEngines } from "../../local/engines/start-engines.ts";

export type TestEngines<Name extends EngineName> = {
  readonly engines: RunningEngines<Name>;
  readonly stateDir: string;
  /** Stops the engines and removes their state folder. */
  readonly close: () => Promise<void>;
};

/** Real engines for one test file, in a state folder of their own. Call it in beforeAll, and `close` in afterAll. */
export async function startTestEngines<Name extends EngineName>(
  options: Omit<StartOptions<Name>, "stateDir">,
): Promise<TestEngines<Name>> {
  // A first run fetches the engines for some minutes: say so, or it looks as if it hung.
  const progress = (event: Parameters<typeof describeProgress>[0]): void =>
    void process.stderr.write(`${describeProgress(event)}\n`);
  const installation = await installEngines({ progress });
  const stateDir = await mkdtemp(join(tmpdir(), "wikilake-engines-"));
  const engines = await startEngines(installation, { ...options, stateDir });
  const close = async (): Promise<void> => {
    await engines.stop();
    await rm(stateDir, { recursive: true, force: true });
  };
  return { engines, stateDir, close };
}
