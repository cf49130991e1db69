import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { anySignal } from "../../lib/platform/any-signal.ts";
import { WikilakeError } from "../../lib/platform/errors.ts";
import { chooseSource } from "../../local/run/choose-source.ts";
import type { Lake } from "../../local/run/lake.ts";
import { startLake } from "../../local/run/start-lake.ts";
import { packageStage } from "../../scripts/package.ts";
import { parseDuration, parsePositive } from "../duration.ts";
import { WrongUse } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { runOnce } from "../once/run-once.ts";
import { createProgressLine, type ProgressLine } from "../progress-line.ts";
import { watchLake } from "../watch-lake.ts";

export type StartOptions = {
  readonly source: string;
  readonly once?: boolean;
  readonly events?: string;
  readonly rate?: string;
  readonly for?: string;
  readonly state: string;
  readonly config?: string;
  readonly json?: boolean;
};

/** Overrides of a run: parameters of the template, environment of the shim. */
type Overrides = { readonly parameters: Record<string, string>; readonly shim: Record<string, string> };

/** `wikilake start`: 0 when all went well, 1 when it did not, 130 after Ctrl-C. Nothing is left running in any case. */
export async function startCommand(options: StartOptions): Promise<number> {
  const settings = readSettings(options);
  const { source, notice } = await chooseSource(options.source);
  if (settings.once && source.kind !== "file" && settings.limit === undefined) {
    throw new WrongUse("--once with a feed needs --events N: a feed has no end");
  }
  const progress = createProgressLine(process.stderr);
  const stop = new AbortController();
  const interrupts = countInterrupts(stop, progress);
  if (notice) progress.say(notice);
  let lake: Lake | undefined;
  try {
    lake = await startLake({
      ...settings,
      source,
      signal: stop.signal,
      progress: progress.say,
      packageStage: (request) => packageStage(request),
    });
    return await run(lake, options, settings.forMs, stop.signal, progress);
  } catch (error) {
    if (stop.signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    await lake?.stop();
    interrupts.dispose();
    progress.close();
  }
}

async function run(
  lake: Lake,
  options: StartOptions,
  forMs: number | undefined,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<number> {
  Object.assign(process.env, lake.environment);
  const failed = lake.failure.then((error) => Promise.reject(error));
  // Whoever loses the race has to end too: a loop that goes on would keep the process alive after the lake is gone.
  const over = new AbortController();
  const either = anySignal(signal, over.signal);
  const work = options.once
    ? runOnce(lake, { json: options.json ?? false, signal: either, progress })
    : watchLake(lake, { signal: either, progress });
  const limit = forMs === undefined ? [] : [delay(forMs, exitCodes.ok, { ref: false })];
  try {
    return await Promise.race([work, failed, ...limit, aborted(signal)]);
  } finally {
    over.abort();
  }
}

function aborted(signal: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(exitCodes.interrupted);
    signal.addEventListener("abort", () => resolve(exitCodes.interrupted), { once: true });
  });
}

function readSettings(options: StartOptions) {
  const limit = parsePositive("--events", options.events, true);
  if (limit !== undefined && !options.once) throw new WrongUse("--events goes with --once");
  if (options.json && !options.once)
    throw new WrongUse("--json goes with --once; `wikilake status --json` shows a running lake");
  const rate = parsePositive("--rate", options.rate);
  return {
    stateDir: path.resolve(options.state),
    once: options.once ?? false,
    limit,
    rate,
    forMs: options.for === undefined ? undefined : parseDuration("--for", options.for),
    overrides: readOverrides(options.config),
  };
}

/** Reads `--config`. Throws WrongUse with the file's own mistake. */
function readOverrides(file: string | undefined): Overrides {
  if (file === undefined) return { parameters: {}, shim: {} };
  if (!existsSync(file)) throw new WrongUse(`--config ${file}: there is no such file`);
  try {
    const { parameters = {}, shim = {}, ...unknown } = JSON.parse(readFileSync(file, "utf8"));
    const names = Object.keys(unknown);
    if (names.length > 0) throw new Error(`unknown key ${names.join(", ")}; there are "parameters" and "shim"`);
    return { parameters, shim };
  } catch (cause) {
    throw new WikilakeError("WRONG_USE", `--config ${file} cannot be read`, { retriable: false, cause });
  }
}

/** First Ctrl-C: stop cleanly. Third: the person means it, and the engines end with this process. */
function countInterrupts(stop: AbortController, progress: ProgressLine): { dispose(): void } {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) progress.say("stopping (Ctrl-C twice more to give up on a clean stop)");
    if (count >= 3) process.exit(exitCodes.interrupted);
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return {
    dispose: () => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, onSignal);
    },
  };
}
