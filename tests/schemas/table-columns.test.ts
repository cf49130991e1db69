import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  alertsColumns,
  blacklistHitsColumns,
  type Columns,
  deadLetterColumns,
  feedGapsColumns,
  feedSessionsColumns,
  ingestMinutesColumns,
  namespaceCountsColumns,
  pageEditCountsColumns,
  pipelineRunsColumns,
  rawEventsColumns,
  stageRawEventsColumns,
  trafficColumns,
  userEditCountsColumns,
} from "../../schemas/tables/columns.ts";

const folder = join(import.meta.dirname, "../../schemas/tables");
const ddlFiles = readdirSync(folder).filter((name) => name.endsWith(".sql"));

/** Own, dumb reading of the DDL: one column a line. */
function columnsOf(file: string): Columns {
  const text = readFileSync(join(folder, file), "utf8");
  return [
    ...text.matchAll(/^ {2}`?([a-z_0-9]+)`? (string|int|bigint|double|boolean|timestamp) COMMENT '[^']+',?$/gm),
  ].map(
    ([, name, type]) => [name ?? "", type as Columns[number][1]], // as: the pattern admits only these words
  );
}

describe("table definitions", () => {
  const known: Readonly<Record<string, Columns>> = {
    "bronze.raw_events.sql": rawEventsColumns,
    "bronze.dead_letter.sql": deadLetterColumns,
    "ops.feed_sessions.sql": feedSessionsColumns,
    "ops.ingest_minutes.sql": ingestMinutesColumns,
    "ops.feed_gaps.sql": feedGapsColumns,
    "ops.pipeline_runs.sql": pipelineRunsColumns,
    "ops.alerts.sql": alertsColumns,
    "live.traffic_1min.sql": trafficColumns,
    "live.namespace_counts_1min.sql": namespaceCountsColumns,
    "live.user_edit_counts.sql": userEditCountsColumns,
    "live.page_edit_counts.sql": pageEditCountsColumns,
    "live.blacklist_hits.sql": blacklistHitsColumns,
  };

  test.each(Object.keys(known))("%s has the columns that its writer knows, in the same order", (file) => {
    expect(columnsOf(file)).toEqual(known[file]);
  });

  test.each(ddlFiles)(
    "%s comments every column, keeps it short enough for Glue, and is an Iceberg table in its own folder",
    (file) => {
      const text = readFileSync(join(folder, file), "utf8");
      const name = file.replace(/\.sql$/, "");
      const [layer, table] = name.split(".");
      const body = text.slice(text.indexOf("(\n"), text.indexOf("\n)"));
      expect(columnsOf(file)).toHaveLength(body.trim().split("\n").length - 1);
      for (const [, comment] of text.matchAll(/COMMENT '([^']*)'/g)) expect(comment?.length).toBeLessThanOrEqual(255);
      expect(text).toContain(`CREATE TABLE IF NOT EXISTS $\{database_prefix}_${layer}.${table} (`);
      expect(text).toContain(`LOCATION 's3://$\{lake_bucket}/${layer}/${table}/'`);
      expect(text).toContain("'table_type' = 'ICEBERG'");
      expect(text).not.toContain(";");
    },
  );

  test("a staged object has each column of both bronze tables once", () => {
    const names = stageRawEventsColumns.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const column of [...rawEventsColumns, ...deadLetterColumns])
      expect(stageRawEventsColumns).toContainEqual(column);
  });
});
