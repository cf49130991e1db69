import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type BackfillLayer, backfillLayers, cutDays, daysOfOneRun, parseDay } from "../backfill/chunks.ts";
import { createJobControl } from "../backfill/job-control.ts";
import { type ChunkResult, runChunks } from "../backfill/run-chunks.ts";
import { WrongUse } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { createProgressLine } from "../progress-line.ts";
import { resolveTarget, type TargetOptions } from "../target.ts";

export type BackfillOptions = TargetOptions & {
  readonly from: string;
  readonly to: string;
  readonly tables?: string;
  readonly json?: boolean;
};

const sparkFolder = path.join(import.meta.dirname, "../../spark");

/**
 * `wikilake backfill silver|gold --from DAY --to DAY`: the layer's rows of these days anew from the layer below. 0 when
 * every chunk was published, 1 at the first that was not, 130 after Ctrl-C (the run that is going on ends by itself).
 */
export async function backfillCommand(layer: string, options: BackfillOptions): Promise<number> {
  const request = readRequest(layer, options);
  const jobs = createJobControl(resolveTarget(options));
  const progress = createProgressLine(process.stderr);
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once("SIGINT", stop);
  const { signal } = abort;
  const sleep = (ms: number): Promise<void> => delay(ms, undefined, { signal });
  try {
    progress.say(`${request.layer}: ${request.chunks.length} runs, one after another`);
    const results = await runChunks(request, { jobs, progress, signal, nowMs: Date.now, sleep });
    if (options.json)
      console.log(JSON.stringify({ layer: request.layer, tables: request.tables, runs: results }, null, 2));
    return exitCode(results);
  } catch (error) {
    if (signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    process.removeListener("SIGINT", stop);
    progress.close();
  }
}

function readRequest(layer: string, options: BackfillOptions): Parameters<typeof runChunks>[0] {
  const known = backfillLayers.find((name): name is BackfillLayer => name === layer);
  if (!known)
    throw new WrongUse(`backfill ${layer}: choose one of ${backfillLayers.join(", ")}; bronze is what was delivered`);
  const days = { from: parseDay(options.from, "--from"), to: parseDay(options.to, "--to") };
  if (days.from > days.to) throw new WrongUse("--from is after --to");
  const tables = (options.tables ?? "").split(",").filter(Boolean);
  return { layer: known, tables, chunks: cutDays(days, daysOfOneRun(known, tables, sparkFolder)) };
}

const exitCode = (results: readonly ChunkResult[]): number =>
  results.every(({ outcome }) => outcome === "SUCCESS") ? exitCodes.ok : exitCodes.failed;
