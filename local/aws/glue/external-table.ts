import { WikilakeError } from "../../../lib/platform/errors.ts";
import type { TrinoClient } from "../athena/engine/trino-client.ts";
import { engineName } from "../athena/sql/names.ts";
import { Reader } from "../athena/sql/reader.ts";
import { quoteIdentifier, quoteString } from "../athena/sql/tokens.ts";
import { readType } from "../athena/sql/types.ts";
import type { ExternalTable, GlueColumn } from "./registry.ts";

/** The engine's catalog for tables over files that others write. */
export const stagingCatalog = "staging";

/** Makes the table in the engine anew: it holds no data of its own, so a change of columns costs nothing. */
export async function realiseExternalTable(trino: TrinoClient, table: ExternalTable): Promise<void> {
  const name = engineName(stagingCatalog, table);
  await trino.run(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(stagingCatalog)}.${quoteIdentifier(table.database)}`);
  await trino.run(`DROP TABLE IF EXISTS ${name}`);
  await trino.run(externalTableText(name, table));
}

/** CREATE TABLE of the engine for Parquet files, with Athena's partition projection where the parameters ask for it. */
export function externalTableText(name: string, table: ExternalTable): string {
  const projected = table.parameters["projection.enabled"] === "true";
  const template = table.parameters["storage.location.template"];
  const keys = table.partitionKeys;
  const options = [
    `external_location = ${quoteString(table.location)}`,
    "format = 'PARQUET'",
    ...(keys.length === 0 ? [] : [`partitioned_by = ARRAY[${keys.map((key) => quoteString(key.name)).join(", ")}]`]),
    ...(projected ? ["partition_projection_enabled = true"] : []),
    ...(projected && template !== undefined
      ? [`partition_projection_location_template = ${quoteString(template)}`]
      : []),
  ];
  const columns = [
    ...table.columns.map((column) => columnText(column)),
    ...keys.map((key) => columnText(key) + (projected ? projectionText(table, key.name) : "")),
  ];
  return `CREATE TABLE ${name} (${columns.join(", ")}) WITH (${options.join(", ")})`;
}

function columnText({ name, type, comment }: GlueColumn): string {
  const reader = new Reader(type);
  // Hive tables keep milliseconds here; Parquet files of ours hold no more.
  const engineType = readType(reader).replaceAll("timestamp(6)", "timestamp(3)");
  reader.end();
  return `${quoteIdentifier(name)} ${engineType}${comment === undefined ? "" : ` COMMENT ${quoteString(comment)}`}`;
}

/** The engine's name for each of Athena's `projection.<column>.<setting>`. */
const settings: Readonly<Record<string, string>> = {
  type: "partition_projection_type",
  values: "partition_projection_values",
  range: "partition_projection_range",
  format: "partition_projection_format",
  interval: "partition_projection_interval",
  "interval.unit": "partition_projection_interval_unit",
  digits: "partition_projection_digits",
};

function projectionText(table: ExternalTable, column: string): string {
  const found = Object.entries(settings).flatMap(([setting, property]) => {
    const value = table.parameters[`projection.${column}.${setting}`];
    return value === undefined ? [] : [`${property} = ${settingText(setting, value)}`];
  });
  if (found.length === 0)
    throw new WikilakeError(
      "PROJECTION_MISSING",
      `Table ${table.database}.${table.table} projects partitions, but says nothing of ${column}`,
      { retriable: false },
    );
  return ` WITH (${found.join(", ")})`;
}

function settingText(setting: string, value: string): string {
  if (setting === "values" || setting === "range")
    return `ARRAY[${value
      .split(",")
      .map((part) => quoteString(part.trim()))
      .join(", ")}]`;
  if (setting === "interval" || setting === "digits") return String(Number(value));
  if (setting === "type") return quoteString(value.toUpperCase());
  return quoteString(value);
}
