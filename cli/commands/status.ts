import { type RuntimeStatus, readStatusFile } from "../../local/run/status-file.ts";
import { exitCodes } from "../exit-codes.ts";
import { createQueryRunner } from "../query/run-query.ts";
import { type ReportedTable, readTableSize, reportedTables, type TableSize } from "../query/table-sizes.ts";
import { resolveTarget, type TargetOptions } from "../target.ts";

type Status = {
  readonly stage: string;
  readonly tables: Readonly<Partial<Record<ReportedTable, TableSize>>>;
  readonly runtime: RuntimeStatus | undefined;
};

/** `wikilake status`: exit 1 while something that should run does not, or no table can be read. */
export async function statusCommand(options: TargetOptions & { readonly json?: boolean }): Promise<number> {
  const target = resolveTarget(options);
  const query = createQueryRunner(target);
  const sizes = await Promise.all(
    reportedTables.map(async (table) => [table, await readTableSize(query, table)] as const),
  );
  const tables = Object.fromEntries(sizes.filter(([, size]) => size !== undefined));
  const status: Status = {
    stage: target.stage,
    tables,
    runtime: target.stateDir ? readStatusFile(target.stateDir) : undefined,
  };
  console.log(options.json ? JSON.stringify(status, null, 2) : describe(status));
  const isHealthy = Object.keys(tables).length > 0 && (status.runtime?.problems.length ?? 0) === 0;
  return isHealthy ? exitCodes.ok : exitCodes.failed;
}

function describe({ stage, tables, runtime }: Status): string {
  const lines = [`stage ${stage}`, ...(runtime ? describeRuntime(runtime) : [])];
  for (const table of reportedTables) {
    const size = tables[table];
    const text = size
      ? `${size.rows.toLocaleString("en")} rows, last commit ${size.lastCommitAt ?? "never"}`
      : "not there yet";
    lines.push(`${table.padEnd(24)}${text}`);
  }
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
