import { glueType, type IcebergCatalog, type IcebergTable } from "../glue/iceberg-catalog.ts";
import type { GlueColumn, GlueRegistry } from "../glue/registry.ts";
import type { TrinoClient } from "./engine/trino-client.ts";
import type { TextRow } from "./result-file.ts";
import { engineName, type TableName } from "./sql/names.ts";
import type { Plan, Properties, TableListingPlan } from "./sql/statement.ts";
import { quoteString } from "./sql/tokens.ts";
import { ddlType } from "./sql/types.ts";
import { schemaNotFound, tableNotFound } from "./statement-error.ts";

export type ListingDeps = {
  readonly registry: GlueRegistry;
  readonly iceberg: IcebergCatalog;
  readonly trino: TrinoClient;
};

/** The answer of SHOW and DESCRIBE: names of the columns, and rows of one text each, as Athena sends them. */
export type Listing = { readonly header: readonly string[]; readonly rows: readonly TextRow[] };

export type ListingPlan =
  | TableListingPlan
  | Extract<Plan, { readonly kind: "show-tables" | "show-views" | "show-databases" }>;

/** Answers from the registry and the Iceberg catalog; the engine is asked about views only. */
export async function listing(plan: ListingPlan, deps: ListingDeps): Promise<Listing> {
  switch (plan.kind) {
    case "show-databases":
      return lines(
        ["database_name"],
        matching(
          deps.registry.databases().map(({ name }) => name),
          plan.pattern,
        ),
      );
    case "show-tables":
      return lines(["tab_name"], matching(await tableNames(plan.database, deps), plan.pattern));
    case "show-views":
      return lines(
        ["views"],
        matching(
          deps.registry.views(plan.database).map(({ table }) => table),
          plan.pattern,
        ),
      );
    case "show-columns":
      return lines(
        ["field"],
        (await columnsOf(plan.table, deps)).map(({ name }) => padded(name)),
      );
    case "show-properties":
      return lines(
        ["prpt_name", "prpt_value"],
        Object.entries(await propertiesOf(plan.table, deps)).map((pair) => pair.join("\t")),
      );
    case "describe":
      return describe(plan.table, deps);
    case "show-create":
      return lines(["createtab_stmt"], (await createText(plan.table, deps)).split("\n"));
  }
}

const lines = (header: readonly string[], texts: readonly string[]): Listing => ({
  header,
  rows: texts.map((text) => [text]),
});

/** Athena pads what it describes to columns of 20 characters. */
const padded = (text: string): string => text.padEnd(20);

async function tableNames(database: string, { registry, iceberg }: ListingDeps): Promise<string[]> {
  const own = [...registry.externalTables(database), ...registry.views(database)].map(({ table }) => table);
  const tables = await iceberg.tables(database);
  if (own.length + tables.length === 0 && registry.database(database) === undefined) throw schemaNotFound(database);
  return [...new Set([...own, ...tables])].sort();
}

/** `a*|b` as SHOW understands it: alternatives, `*` for any text. */
function matching(names: readonly string[], pattern: string | undefined): string[] {
  if (pattern === undefined) return names.toSorted();
  const literal = (text: string): string => text.replaceAll(/[.+?^${}()[\]\\]/g, "\\$&").replaceAll("*", ".*");
  const wanted = new RegExp(`^(?:${pattern.split("|").map(literal).join("|")})$`, "i");
  return names.filter((name) => wanted.test(name)).sort();
}

async function columnsOf(table: TableName, deps: ListingDeps): Promise<readonly GlueColumn[]> {
  const external = deps.registry.externalTable(table);
  if (external !== undefined) return [...external.columns, ...external.partitionKeys];
  const iceberg =
    deps.registry.view(table) === undefined ? await deps.iceberg.table(table.database, table.table) : undefined;
  if (iceberg !== undefined) return icebergColumns(iceberg);
  const { rows } = await deps.trino.run(`DESCRIBE ${engineName("lake", table)}`);
  return rows.map(([name, type]) => ({ name: String(name), type: ddlType(String(type)) }));
}

const icebergColumns = ({ columns }: IcebergTable): GlueColumn[] =>
  columns.map(({ name, type, comment }) => ({ name, type: glueType(type), ...(comment !== undefined && { comment }) }));

async function describe(table: TableName, deps: ListingDeps): Promise<Listing> {
  const columns = await columnsOf(table, deps);
  const rows = columns.map(({ name, type, comment = "" }) => [name, type, comment].map(padded).join("\t"));
  return lines(["col_name", "data_type", "comment"], rows);
}

async function propertiesOf(table: TableName, deps: ListingDeps): Promise<Properties> {
  const external = deps.registry.externalTable(table);
  if (external !== undefined) return external.parameters;
  const found = await deps.iceberg.table(table.database, table.table);
  if (found === undefined) throw tableNotFound(table.database, table.table);
  return { table_type: "ICEBERG", format: "PARQUET", ...deps.registry.properties(table) };
}

/** The DDL that would make the table, in Athena's dialect. */
async function createText(table: TableName, deps: ListingDeps): Promise<string> {
  const view = deps.registry.view(table);
  if (view !== undefined) return view.sql;
  const found = await deps.iceberg.table(table.database, table.table);
  if (found === undefined) throw tableNotFound(table.database, table.table);
  const columns = icebergColumns(found).map(
    ({ name, type, comment }) =>
      `  ${backquoted(name)} ${type}${comment === undefined ? "" : ` COMMENT ${quoteString(comment)}`}`,
  );
  const fields = found.partitioning.map(({ column, transform }) => transformText(column, transform));
  const properties = Object.entries({ table_type: "iceberg", ...deps.registry.properties(table) });
  return [
    `CREATE TABLE ${table.database}.${table.table} (`,
    `${columns.join(",\n")})`,
    ...(fields.length === 0 ? [] : [`PARTITIONED BY (${fields.join(", ")})`]),
    `LOCATION ${quoteString(found.location)}`,
    "TBLPROPERTIES (",
    `${properties.map(([key, value]) => `  ${quoteString(key)}=${quoteString(value)}`).join(",\n")})`,
  ].join("\n");
}

/** `bucket[16]` → ``bucket(16, `c`)``. */
function transformText(column: string, transform: string): string {
  const sized = /^(\w+)\[(\d+)\]$/.exec(transform);
  if (sized !== null) return `${sized[1]}(${sized[2]}, ${backquoted(column)})`;
  return transform === "identity" ? backquoted(column) : `${transform}(${backquoted(column)})`;
}

const backquoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;
