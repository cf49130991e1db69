import type { NameParts } from "./reader.ts";
import { malformed } from "./refusal.ts";
import { quoteIdentifier } from "./tokens.ts";

/** A table of the Glue catalog. `table` may carry the suffix of a metadata table: `raw_events$snapshots`. */
export type TableName = { readonly database: string; readonly table: string };

/** What a statement does to a table: decides which implied permissions AWS would ask for. */
export type Access =
  | "read"
  | "write"
  | "create"
  | "alter"
  | "drop"
  | "vacuum"
  | "describe"
  | "create-view"
  | "drop-view";
export type TableUse = TableName & { readonly access: Access };

/** The one data source that exists here; any other catalog name is unknown. */
export const dataCatalog = "awsdatacatalog";

/** Completes a name with the database of the query's context. Throws what Athena throws for a name it cannot complete. */
export function tableName(parts: NameParts, defaultDatabase: string | undefined): TableName {
  const [table = "", database = defaultDatabase, catalog = dataCatalog] = parts.toReversed();
  if (catalog.toLowerCase() !== dataCatalog) throw malformed(`Catalog '${catalog}' does not exist`);
  if (database === undefined) throw malformed("Schema must be specified when session schema is not set");
  return { database, table };
}

/** The table itself for `t$files` and its like. */
export const baseTable = (table: string): string => {
  const dollar = table.indexOf("$", 1);
  return dollar < 0 ? table : table.slice(0, dollar);
};

/** The name as the engine takes it. */
export const engineName = (catalog: string, { database, table }: TableName): string =>
  [catalog, database, table].map(quoteIdentifier).join(".");
