import { checkIcebergProperties } from "./properties.ts";
import { usesOf } from "./query.ts";
import { malformed, notSupported } from "./refusal.ts";
import { RelationWalker } from "./relations.ts";
import type { Statement } from "./statement.ts";
import { quoteString, unquote } from "./tokens.ts";

type Value = string | readonly string[];

/** `CREATE TABLE name WITH (table_type = 'ICEBERG', location = …, is_external = false, …) AS query`. */
export function createTableAs(sql: string, database: string | undefined): Statement {
  const walker = new RelationWalker(sql, database);
  walker.expect("CREATE", "TABLE");
  walker.take("IF", "NOT", "EXISTS");
  walker.table("create");
  const properties = walker.drop("WITH") ? readValues(walker) : {};
  const location = check(properties);
  walker.write(` WITH (${engineProperties(properties, location)}) `);
  walker.expect("AS");
  walker.rest();
  const { pieces } = walker;
  return {
    statementType: "DDL",
    substatementType: "CREATE_TABLE_AS_SELECT",
    uses: [
      ...usesOf(pieces),
      ...usesOf(pieces)
        .filter(({ access }) => access === "create")
        .map((use) => ({ ...use, access: "write" as const })),
    ],
    databases: [],
    locations: [location],
    plan: { kind: "engine", pieces, output: "count" },
  };
}

function check(properties: Readonly<Record<string, Value>>): string {
  const { is_external: isExternal = "false", location, partitioning, ...rest } = properties;
  if (String(rest["table_type"]).toUpperCase() !== "ICEBERG")
    throw notSupported("Only tables of table_type ICEBERG are created by SQL here");
  if (String(isExternal).toLowerCase() !== "false") throw malformed("is_external must be false for table type ICEBERG");
  if (typeof location !== "string") throw malformed("Table location must be specified for table type ICEBERG");
  if (partitioning !== undefined && typeof partitioning === "string") throw malformed("partitioning must be an ARRAY");
  checkIcebergProperties(Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)])));
  return location;
}

function engineProperties(properties: Readonly<Record<string, Value>>, location: string): string {
  const { partitioning = [], format = "parquet" } = properties;
  const fields = [partitioning].flat().map(quoteString);
  const list = fields.length === 0 ? [] : [`partitioning = ARRAY[${fields.join(", ")}]`];
  const fixed = [
    `format = ${quoteString(String(format).toUpperCase())}`,
    "format_version = 2",
    `location = ${quoteString(location)}`,
  ];
  return [...fixed, ...list].join(", ");
}

/** `( name = value, … )`: strings, numbers, booleans and arrays of strings. */
function readValues(walker: RelationWalker): Record<string, Value> {
  const values: Record<string, Value> = {};
  if (!walker.drop("(")) throw walker.mismatch("'('");
  do {
    const key = unquote(walker.consume()).toLowerCase();
    if (!walker.drop("=")) throw walker.mismatch("'='");
    values[key] = walker.drop("ARRAY", "[") ? readArray(walker) : unquote(walker.consume());
  } while (walker.drop(","));
  if (!walker.drop(")")) throw walker.mismatch("')'");
  return values;
}

function readArray(walker: RelationWalker): string[] {
  const items: string[] = [];
  while (!walker.drop("]")) {
    items.push(unquote(walker.consume()));
    walker.drop(",");
    if (walker.done) throw walker.mismatch("']'");
  }
  return items;
}
