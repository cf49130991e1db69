import { setTimeout as delay } from "node:timers/promises";
import type { Lake } from "../local/run/lake.ts";
import { type RuntimeStatus, readStatusFile } from "../local/run/status-file.ts";
import type { ProgressLine } from "./progress-line.ts";
import { createQueryRunner } from "./query/run-query.ts";
import { readTableSize, reportedTables } from "./query/table-sizes.ts";
import { resolveTarget } from "./target.ts";

type WatchOptions = { readonly signal: AbortSignal; readonly progress: ProgressLine };

const showEveryMs = 1000;
/** Asking Trino for row counts costs a planning; the rest of the line is free. */
const countEveryMs = 10_000;

/** Shows a live status until the signal: rate, lag, last commit, last job, rows by layer. Never ends by itself. */
export async function watchLake(lake: Lake, { signal, progress }: WatchOptions): Promise<number> {
  const query = createQueryRunner(resolveTarget({ state: lake.stateDir }));
  let counts = "";
  let countedAtMs = 0;
  while (!signal.aborted) {
    if (Date.now() - countedAtMs > countEveryMs) {
      countedAtMs = Date.now();
      const sizes = await Promise.all(
        reportedTables.map(async (table) => [table, await readTableSize(query, table)] as const),
      );
      counts = sizes
        .flatMap(([table, size]) => (size ? [`${table.split(".")[1]} ${size.rows.toLocaleString("en")}`] : []))
        .join(" · ");
    }
    const status = readStatusFile(lake.stateDir);
    if (status) progress.show(`${describeStatus(status)} · ${counts}`);
    await delay(showEveryMs, undefined, { signal }).catch(() => undefined);
  }
  return 0;
}

/** One line: shim, rate, lag, last job. */
export function describeStatus({ shim, lag, lastJob, memoryMiB, problems }: RuntimeStatus): string {
  const waiting = Object.values(lag).reduce((sum, records) => sum + records, 0);
  const job = lastJob ? `${lastJob.name} ${lastJob.state}` : "no job yet";
  const trouble = problems.length > 0 ? ` · ${problems.length} PROBLEMS: ${problems[0]}` : "";
  return `shim ${shim.state} ${shim.eventsPerSecond.toFixed(0)}/s · lag ${waiting} · ${job} · ${memoryMiB} MiB${trouble}`;
}
