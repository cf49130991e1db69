import { formatRows } from "../query/format-rows.ts";
import type { QueryRunner } from "../query/run-query.ts";

/** What `--once` shows of the result: a look at each layer, not a report. */
const tables: readonly (readonly [title: string, sql: string])[] = [
  [
    "Busiest domains (gold.hourly_stats)",
    `select domain, sum(total_events) as events, sum(total_edits) as edits, sum(bot_edits) as bot_edits,
       sum(anonymous_edits) as unregistered_edits, sum(bytes_added) as bytes_added, sum(bytes_removed) as bytes_removed
     from gold.hourly_stats group by domain order by events desc, domain limit 8`,
  ],
  [
    "Gate verdicts of the last run (dq_audit.quality_results)",
    `select gate, status, count(*) as rules from dq_audit.quality_results
     where run_id = (select max_by(run_id, evaluated_at) from dq_audit.quality_results) group by gate, status order by gate, status`,
  ],
  [
    "Rules of the last run that were not met",
    `select gate, rule_id, severity, status, metric_value, threshold, failure_reason from dq_audit.quality_results
     where run_id = (select max_by(run_id, evaluated_at) from dq_audit.quality_results) and status <> 'PASSED' order by gate, rule_id`,
  ],
  [
    "Dead letters by reason (bronze.dead_letter)",
    "select reason, count(*) as records from bronze.dead_letter group by reason order by records desc",
  ],
];

/** The result tables as text; an empty one is left out. */
export async function describeResults(query: QueryRunner): Promise<string> {
  const parts: string[] = [];
  for (const [title, sql] of tables) {
    const result = await query(sql);
    if (result.rows.length > 0) parts.push(`${title}\n${formatRows(result, "table")}`);
  }
  return parts.join("\n\n");
}
