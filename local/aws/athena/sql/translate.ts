import type { TableName } from "./names.ts";
import { defaultSnapshotAgeSeconds } from "./properties.ts";
import { render } from "./query.ts";
import type { Column, Plan, Properties, TableDefinition } from "./statement.ts";
import { quoteString } from "./tokens.ts";

/** What a translation needs to know of the catalog: the engine's full name of a table and the properties Glue keeps of it. */
export type CatalogView = {
  nameOf(table: TableName): string;
  propertiesOf(table: TableName): Properties;
};

/** Athena compacts files below three quarters of its 512 MB target. */
const defaultCompactBelowBytes = 402_653_184;

/**
 * The engine's statements for a plan, in order; `undefined` for plans that the engine does not carry out itself
 * (listings, properties, prepared statements).
 */
export function engineStatements(plan: Plan, catalog: CatalogView): readonly string[] | undefined {
  switch (plan.kind) {
    case "engine":
    case "create-view":
      return [render(plan.pieces, catalog.nameOf)];
    case "create-table":
      return [createTableText(catalog.nameOf(plan.table), plan.definition)];
    case "alter":
      return plan.alterations.map(({ clause }) => `ALTER TABLE ${catalog.nameOf(plan.table)} ${clause}`);
    case "rename":
      return [`ALTER TABLE ${catalog.nameOf(plan.table)} RENAME TO ${catalog.nameOf(plan.to)}`];
    case "drop-table":
      return [`DROP TABLE ${plan.ifExists ? "IF EXISTS " : ""}${catalog.nameOf(plan.table)}`];
    case "drop-view":
      return [`DROP VIEW ${plan.ifExists ? "IF EXISTS " : ""}${catalog.nameOf(plan.table)}`];
    case "optimize":
      return [optimizeText(catalog.nameOf(plan.table), catalog.propertiesOf(plan.table), plan.where)];
    case "vacuum":
      return vacuumTexts(catalog.nameOf(plan.table), catalog.propertiesOf(plan.table));
    default:
      return undefined;
  }
}

function createTableText(name: string, definition: TableDefinition): string {
  const { columns, comment, partitioning, location, properties, ifNotExists } = definition;
  const format = (properties["format"] ?? "parquet").toUpperCase();
  const options = [
    `format = ${quoteString(format)}`,
    "format_version = 2", // the only one that Athena writes
    `location = ${quoteString(location.replace(/\/+$/, ""))}`,
    ...(partitioning.length === 0 ? [] : [`partitioning = ARRAY[${partitioning.map(quoteString).join(", ")}]`]),
  ];
  const text = comment === undefined ? "" : ` COMMENT ${quoteString(comment)}`;
  const head = `CREATE TABLE ${ifNotExists ? "IF NOT EXISTS " : ""}${name}`;
  return `${head} (${columns.map(columnText).join(", ")})${text} WITH (${options.join(", ")})`;
}

const columnText = ({ name, type, comment }: Column): string =>
  `"${name.replaceAll('"', '""')}" ${type}${comment === undefined ? "" : ` COMMENT ${quoteString(comment)}`}`;

function optimizeText(name: string, properties: Properties, where: string): string {
  const below = properties["optimize_rewrite_min_data_file_size_bytes"] ?? String(defaultCompactBelowBytes);
  const clause = where === "" ? "" : ` ${where}`;
  return `ALTER TABLE ${name} EXECUTE optimize(file_size_threshold => ${quoteString(`${below}B`)})${clause}`;
}

/** VACUUM is two procedures of the engine; both keep what is younger than the table's snapshot age. */
function vacuumTexts(name: string, properties: Properties): string[] {
  const seconds = properties["vacuum_max_snapshot_age_seconds"] ?? String(defaultSnapshotAgeSeconds);
  const age = quoteString(`${seconds}s`);
  return ["expire_snapshots", "remove_orphan_files"].map(
    (procedure) => `ALTER TABLE ${name} EXECUTE ${procedure}(retention_threshold => ${age})`,
  );
}
