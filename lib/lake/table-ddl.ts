import { LakeError } from "./errors.ts";

/** A table as its DDL file defines it. */
export type TableDefinition = {
  /** `wikilake_local_bronze` */
  readonly database: string;
  readonly table: string;
  /** The statement, without the file's comments. */
  readonly createSql: string;
  readonly columns: readonly ColumnDefinition[];
};
export type ColumnDefinition = { readonly name: string; readonly type: string; readonly comment: string };

export type DdlValues = { readonly database_prefix: string; readonly lake_bucket: string };

/**
 * Reads a DDL file of ours: comment lines, then one `CREATE TABLE IF NOT EXISTS <database>.<table> (`, then one column a
 * line with its comment, then `)`. Throws LakeError on anything else: a file that is not understood is not applied.
 */
export function parseTableDdl(text: string, values: DdlValues, file: string): TableDefinition {
  const createSql = statementOf(text, values, file);
  const head = /^CREATE TABLE IF NOT EXISTS ([a-z0-9_]+)\.([a-z0-9_]+) \(\n/.exec(createSql);
  const [opening, database, table] = head ?? [];
  const end = createSql.indexOf("\n)");
  if (opening === undefined || database === undefined || table === undefined || end < 0) {
    throw malformed(file, "expected CREATE TABLE IF NOT EXISTS database.table (");
  }
  const lines = createSql.slice(opening.length, end).split("\n");
  return { database, table, createSql, columns: lines.map((line) => parseColumn(line, file)) };
}

/** A view as its file defines it. */
export type ViewDefinition = { readonly database: string; readonly view: string; readonly createSql: string };

/**
 * Reads a view's file: comment lines, then one `CREATE OR REPLACE VIEW <database>.<view> AS` and its query. Throws LakeError
 * on anything else.
 */
export function parseViewDdl(text: string, values: DdlValues, file: string): ViewDefinition {
  const createSql = statementOf(text, values, file);
  const [, database, view] =
    /^CREATE OR REPLACE VIEW ([a-z0-9_]+)\.([a-z0-9_]+) AS\n(?:SELECT|WITH)\s/.exec(createSql) ?? [];
  if (database === undefined || view === undefined || createSql.includes(";")) {
    throw malformed(file, "expected one CREATE OR REPLACE VIEW database.view AS and its query");
  }
  return { database, view, createSql };
}

/** The file with its placeholders filled in, without its comment lines. */
function statementOf(text: string, values: DdlValues, file: string): string {
  return fillIn(text, values, file)
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("--"))
    .join("\n")
    .trim()
    .replace(/;$/, "");
}

/** Placeholders are `${name}`, with the names of DdlValues. */
function fillIn(text: string, values: DdlValues, file: string): string {
  const known = new Map<string, string>(Object.entries(values));
  return text.replace(/\$\{([^}]*)\}/g, (placeholder, name: string) => {
    const value = known.get(name);
    if (value === undefined) throw malformed(file, `unknown placeholder ${placeholder}`);
    return value;
  });
}

function parseColumn(line: string, file: string): ColumnDefinition {
  const match = /^\s+`?([a-z][a-z0-9_]*)`? ([a-z]+(?:<[a-z0-9_:,<> ]+>)?)(?: COMMENT '((?:[^']|'')*)')?,?$/.exec(line);
  const [, name, type, comment = ""] = match ?? [];
  if (name === undefined || type === undefined) throw malformed(file, `not a column: ${line.trim()}`);
  return { name, type, comment };
}

/** Adds the columns that the table does not have yet; undefined when it has them all. Nothing is ever dropped. */
export function addColumnsSql(definition: TableDefinition, existing: ReadonlySet<string>): string | undefined {
  const missing = definition.columns.filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return undefined;
  const columns = missing.map(({ name, type, comment }) => `\`${name}\` ${type} COMMENT '${comment}'`);
  return `ALTER TABLE ${definition.database}.${definition.table} ADD COLUMNS (${columns.join(", ")})`;
}

/**
 * One row a column: its name, padded with blanks. Asks the one table; information_schema would need glue:GetTables on
 * every database of the account.
 */
export function existingColumnsSql({ database, table }: TableDefinition): string {
  return `SHOW COLUMNS IN ${database}.${table}`;
}

function malformed(file: string, problem: string): LakeError {
  return new LakeError("TABLE_DDL_MALFORMED", `${file}: ${problem}`, { retriable: false });
}
