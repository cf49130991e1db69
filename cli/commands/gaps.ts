import { exitCodes } from "../exit-codes.ts";
import { formatRows } from "../query/format-rows.ts";
import { createQueryRunner } from "../query/run-query.ts";
import { resolveTarget, type TargetOptions } from "../target.ts";

/** Newest first; the ledger keeps every gap forever, a person wants the recent ones. */
const query = `
  select gap_id, status, kind, source_topic, gap_start, gap_end, duration_s, expected_events, missing_events, evidence
  from ops.feed_gaps
  order by gap_start desc
  limit 100`;

/** `wikilake gaps`: every interval that the source is known not to have delivered. Exit 1 while one is open. */
export async function gapsCommand(options: TargetOptions & { readonly json?: boolean }): Promise<number> {
  const result = await createQueryRunner(resolveTarget(options))(query);
  if (options.json) console.log(formatRows(result, "json"));
  else console.log(result.rows.length === 0 ? "No gaps on the ledger." : formatRows(result, "table"));
  const open = result.rows.filter((row) => row[1] === "open").length;
  if (open > 0) console.error(`${open} open`);
  return open > 0 ? exitCodes.failed : exitCodes.ok;
}
