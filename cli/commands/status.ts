import { WikilakeError } from "../../lib/platform/errors.ts";
import { type RuntimeStatus, readStatusFile } from "../../local/run/status-file.ts";
import { exitCodes } from "../exit-codes.ts";
import { describePath } from "../path/describe-path.ts";
import { type PathReport, readPath } from "../path/read-path.ts";
import { createQueryRunner } from "../query/run-query.ts";
import { type ReportedTable, readTableSize, reportedTables, type TableSize } from "../query/table-sizes.ts";
import { resolveTarget, type TargetOptions } from "../target.ts";

type Status = {
  readonly stage: string;
  readonly tables: Readonly<Partial<Record<ReportedTable, TableSize>>>;
  readonly runtime: RuntimeStatus | undefined;
  /** undefined while the tables are not there. */
  readonly path: PathReport | undefined;
};

/** `wikilake status`: exit 1 while something that should run does not, no table can be read, or an event is missing. */
export async function statusCommand(options: TargetOptions & { readonly json?: boolean }): Promise<number> {
  const target = resolveTarget(options);
  const query = createQueryRunner(target);
  const sizes = await Promise.all(
    reportedTables.map(async (table) => [table, await readTableSize(query, table)] as const),
  );
  const tables = Object.fromEntries(sizes.filter(([, size]) => size !== undefined));
  const runtime = target.stateDir ? readStatusFile(target.stateDir) : undefined;
  const sources = { target, query, lag: runtime?.lag, nowMs: Date.now() };
  const path = await readPath(sources).catch(undefinedWhenNoTables);
  const status: Status = { stage: target.stage, tables, runtime, path };
  console.log(options.json ? JSON.stringify(status, null, 2) : describe(status));
  const isHealthy = Object.keys(tables).length > 0 && (runtime?.problems.length ?? 0) === 0;
  return isHealthy && path?.account.verdict !== "broken" ? exitCodes.ok : exitCodes.failed;
}

/** A stage whose tables are not made yet has no path to account for; anything else is a problem to be told. */
function undefinedWhenNoTables(error: unknown): undefined {
  if (error instanceof WikilakeError && error.code === "QUERY_FAILED" && /not exist|not found/i.test(error.message))
    return;
  throw error;
}

function describe({ stage, tables, runtime, path }: Status): string {
  const lines = [`stage ${stage}`, ...(runtime ? describeRuntime(runtime) : [])];
  for (const table of reportedTables) {
    const size = tables[table];
    const text = size
      ? `${size.rows.toLocaleString("en")} rows, last commit ${size.lastCommitAt ?? "never"}`
      : "not there yet";
    lines.push(`${table.padEnd(24)}${text}`);
  }
  if (path) lines.push("", describePath(path));
  return lines.join("\n");
}

function describeRuntime({ shim, lag, lastJob, memoryMiB, problems }: RuntimeStatus): string[] {
  const waiting = Object.entries(lag).map(([topic, records]) => `${topic} ${records}`);
  return [
    `${"shim".padEnd(24)}${shim.state}, ${shim.eventsPerSecond.toFixed(0)} events/s, ${shim.acked.toLocaleString("en")} acknowledged, ${shim.restarts} restarts`,
    `${"lag".padEnd(24)}${waiting.join(", ") || "none measured yet"}`,
    `${"last job".padEnd(24)}${lastJob ? `${lastJob.name} ${lastJob.state}${lastJob.endedAt ? ` at ${lastJob.endedAt}` : ""}` : "none yet"}`,
    `${"memory".padEnd(24)}${memoryMiB} MiB`,
    ...problems.map((problem) => `PROBLEM  ${problem}`),
  ];
}
