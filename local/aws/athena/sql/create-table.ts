import { tableName } from "./names.ts";
import { checkIcebergProperties, readProperties } from "./properties.ts";
import type { Reader } from "./reader.ts";
import { malformed, notSupported } from "./refusal.ts";
import type { Column, Properties, Statement, TableDefinition } from "./statement.ts";
import { quoteIdentifier } from "./tokens.ts";
import { readType } from "./types.ts";

/** The number comes first in Athena's spelling and last in the engine's. */
const sizedTransforms = ["bucket", "truncate"];
const timeTransforms = ["year", "month", "day", "hour"];

/** Reads `CREATE [EXTERNAL] TABLE …` from its name on. Only Iceberg tables are made by SQL here; external ones come from the template. */
export function createTable(reader: Reader, database: string | undefined, external: boolean): Statement {
  const ifNotExists = reader.take("IF", "NOT", "EXISTS");
  const table = tableName(reader.ddlName(), database);
  const columns = readColumns(reader);
  const { comment, partitioning, location, properties } = readClauses(reader, columns);
  reader.end();
  const iceberg = properties["table_type"]?.toUpperCase() === "ICEBERG";
  if (external && iceberg) throw malformed("External keyword not supported for table type ICEBERG");
  if (!iceberg)
    throw notSupported(
      "Only tables of table_type ICEBERG are created by SQL here: external tables come from the template",
    );
  checkIcebergProperties(properties);
  if (location === undefined) throw malformed("Table location must be specified for table type ICEBERG");
  const definition: TableDefinition = {
    ifNotExists,
    columns,
    partitioning,
    location,
    properties,
    ...(comment !== undefined && { comment }),
  };
  return {
    statementType: "DDL",
    substatementType: "CREATE_TABLE",
    uses: [{ ...table, access: "create" }],
    databases: [],
    locations: [location],
    plan: { kind: "create-table", table, definition },
  };
}

/** `( name type [COMMENT '…'], … )`. */
export function readColumns(reader: Reader): Column[] {
  const columns: Column[] = [];
  reader.expect("(");
  do {
    const name = reader.ddlIdentifier();
    const type = readType(reader);
    const comment = reader.take("COMMENT") ? reader.ddlString() : undefined;
    if (columns.some((column) => column.name === name)) throw malformed(`Duplicate column name ${name}`);
    columns.push({ name, type, ...(comment !== undefined && { comment }) });
  } while (reader.take(","));
  reader.expect(")");
  return columns;
}

type Clauses = { comment?: string; partitioning: string[]; location?: string; properties: Properties };

function readClauses(reader: Reader, columns: readonly Column[]): Clauses {
  const clauses: Clauses = { partitioning: [], properties: {} };
  if (reader.take("COMMENT")) clauses.comment = reader.ddlString();
  if (reader.take("PARTITIONED", "BY")) clauses.partitioning = readPartitioning(reader, columns);
  if (reader.take("ROW", "FORMAT") || reader.take("STORED", "AS") || reader.take("CLUSTERED", "BY"))
    throw notSupported("Unsupported clause for table type ICEBERG");
  if (reader.take("LOCATION")) clauses.location = s3Location(reader.ddlString());
  if (reader.take("TBLPROPERTIES")) clauses.properties = readProperties(reader);
  return clauses;
}

function s3Location(location: string): string {
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]{2,}\/./.test(location)) throw malformed(`Invalid table location: ${location}`);
  return location;
}

function readPartitioning(reader: Reader, columns: readonly Column[]): string[] {
  const fields: string[] = [];
  reader.expect("(");
  do {
    fields.push(partitionField(reader, columns));
    if (!reader.at(",") && !reader.at(")"))
      throw malformed("Partition columns of table type ICEBERG are declared without types");
  } while (reader.take(","));
  reader.expect(")");
  return fields;
}

function partitionField(reader: Reader, columns: readonly Column[]): string {
  const transform = reader.peek().text.toLowerCase();
  if (!(reader.peek().kind === "word" && reader.peek(1).text === "(")) return known(reader.ddlIdentifier(), columns);
  reader.next();
  reader.expect("(");
  const size = sizedTransforms.includes(transform) ? reader.integer() : undefined;
  if (size !== undefined) reader.expect(",");
  const column = known(reader.ddlIdentifier(), columns);
  reader.expect(")");
  if (size !== undefined) return `${transform}(${column}, ${size})`;
  if (!timeTransforms.includes(transform)) throw malformed(`Unsupported partition transform: ${transform}`);
  return `${transform}(${column})`;
}

function known(name: string, columns: readonly Column[]): string {
  if (!columns.some((column) => column.name === name))
    throw malformed(`Partition column ${name} is not a column of the table`);
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}
