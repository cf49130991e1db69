import { dataCatalog, type TableName, tableName } from "./names.ts";
import type { Reader } from "./reader.ts";
import { malformed, notSupported } from "./refusal.ts";
import type { DatabaseUse, Plan, Statement, TableListingPlan } from "./statement.ts";

/** `DESCRIBE [EXTENDED | FORMATTED] t`. */
export function describe(reader: Reader, database: string | undefined): Statement {
  if (!reader.take("DESCRIBE")) reader.expect("DESC");
  if (!reader.take("EXTENDED")) reader.take("FORMATTED");
  const table = tableName(reader.anyName(), database);
  reader.end();
  return aboutTable("DESCRIBE_TABLE", { kind: "describe", table });
}

/** `SHOW …`: the forms that Athena documents. */
export function show(reader: Reader, database: string | undefined): Statement {
  reader.expect("SHOW");
  if (reader.take("DATABASES") || reader.take("SCHEMAS")) {
    reader.take("LIKE");
    return listing("SHOW_DATABASES", { kind: "show-databases", ...pattern(reader) }, []);
  }
  if (reader.take("TABLES")) return showIn(reader, database, "show-tables", "SHOW_TABLES");
  if (reader.take("VIEWS")) return showIn(reader, database, "show-views", "SHOW_VIEWS");
  if (reader.take("COLUMNS"))
    return aboutTable("SHOW_COLUMNS", { kind: "show-columns", table: showColumns(reader, database) });
  if (reader.take("CREATE", "TABLE") || reader.take("CREATE", "VIEW"))
    return aboutTable("SHOW_CREATE_TABLE", { kind: "show-create", table: lastName(reader, database) });
  if (reader.take("TBLPROPERTIES"))
    return aboutTable("SHOW_TBLPROPERTIES", { kind: "show-properties", table: lastName(reader, database) });
  throw notSupported();
}

const aboutTable = (substatementType: string, plan: TableListingPlan): Statement => ({
  statementType: "UTILITY",
  substatementType,
  uses: [{ ...plan.table, access: "describe" }],
  databases: [],
  locations: [],
  plan,
});

const listing = (substatementType: string, plan: Plan, databases: readonly DatabaseUse[]): Statement => ({
  statementType: "UTILITY",
  substatementType,
  uses: [],
  databases,
  locations: [],
  plan,
});

function lastName(reader: Reader, database: string | undefined): TableName {
  const table = tableName(reader.anyName(), database);
  reader.end();
  return table;
}

function showIn(
  reader: Reader,
  current: string | undefined,
  kind: "show-tables" | "show-views",
  type: string,
): Statement {
  const database = reader.take("IN") || reader.take("FROM") ? databaseName(reader) : current;
  if (database === undefined) throw malformed("Schema must be specified when session schema is not set");
  return listing(type, { kind, database, ...pattern(reader) }, [{ database, access: "read" }]);
}

/** `SHOW COLUMNS {IN | FROM} t [{IN | FROM} db]`. */
function showColumns(reader: Reader, current: string | undefined): TableName {
  if (!reader.take("IN")) reader.expect("FROM");
  const parts = reader.anyName();
  const database = reader.take("IN") || reader.take("FROM") ? databaseName(reader) : current;
  reader.end();
  return tableName(parts, database);
}

/** A database name, alone or behind the one data catalog. */
export function databaseName(reader: Reader): string {
  const parts = reader.anyName();
  const [database = "", catalog = dataCatalog] = parts.toReversed();
  if (parts.length > 2 || catalog !== dataCatalog) throw malformed(`Catalog '${catalog}' does not exist`);
  return database;
}

/** The optional `'a*|b*'` at the end of a SHOW. */
function pattern(reader: Reader): { pattern?: string } {
  if (reader.done) return {};
  const found = reader.ddlString();
  reader.end();
  return { pattern: found };
}
