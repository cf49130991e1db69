import { alterTable } from "./alter-table.ts";
import { createTable } from "./create-table.ts";
import { createTableAs } from "./create-table-as.ts";
import { createDatabase, dropDatabase } from "./databases.ts";
import { optimize, vacuum } from "./maintenance.ts";
import { tableName } from "./names.ts";
import { createView, explain, query } from "./query.ts";
import { Reader } from "./reader.ts";
import { malformed, notSupported } from "./refusal.ts";
import { describe, show } from "./show.ts";
import type { Plan, Statement } from "./statement.ts";
import { isSignificant, tokenize } from "./tokens.ts";

/** Athena's limit, in bytes of UTF-8; it cannot be raised. */
export const maxQueryBytes = 262_144;

/**
 * Reads one statement in Athena's dialect. `database` is QueryExecutionContext.Database.
 * Throws AwsError InvalidRequestException for what Athena refuses before a query exists.
 */
export function parseStatement(sql: string, database: string | undefined): Statement {
  const single = singleStatement(sql);
  const reader = new Reader(single);
  const context = database?.toLowerCase();
  const first = reader.peek();
  if (reader.done) throw malformed("line 1:1: mismatched input '<EOF>'. Expecting: <query>, 'CREATE', 'INSERT'");
  if (first.text === "(") return query(single, context);
  const read = readers[first.text.toUpperCase()];
  if (first.kind !== "word" || read === undefined) throw unknownStart(reader);
  return read(reader, single, context);
}

/** The statement without its closing semicolon. A second statement is refused, as Athena does. */
export function singleStatement(sql: string): string {
  const tokens = tokenize(sql);
  const semicolon = tokens.findIndex(({ kind, text }) => kind === "symbol" && text === ";");
  if (semicolon < 0) return sql;
  const more = tokens.slice(semicolon + 1).some((token) => isSignificant(token) && token.text !== ";");
  if (more) throw malformed(`Only one sql statement is allowed. Got: ${sql}`);
  return sql.slice(0, tokens[semicolon]?.at ?? sql.length);
}

type Read = (reader: Reader, sql: string, database: string | undefined) => Statement;

const asQuery: Read = (_reader, sql, database) => query(sql, database);

/** By first word. What is not here, Athena answers with "Queries of this type are not supported". */
const readers: Readonly<Record<string, Read>> = {
  SELECT: asQuery,
  WITH: asQuery,
  VALUES: asQuery,
  TABLE: asQuery,
  INSERT: asQuery,
  UPDATE: asQuery,
  DELETE: asQuery,
  MERGE: asQuery,
  EXPLAIN: (_reader, sql, database) => explain(sql, database),
  CREATE: create,
  ALTER: alter,
  DROP: drop,
  DESCRIBE: (reader, _sql, database) => describe(reader, database),
  DESC: (reader, _sql, database) => describe(reader, database),
  SHOW: (reader, _sql, database) => show(reader, database),
  OPTIMIZE: (reader, _sql, database) => optimize(reader, database),
  VACUUM: (reader, _sql, database) => vacuum(reader, database),
  PREPARE: (reader, sql) => prepare(reader, sql),
  EXECUTE: (reader, sql) => execute(reader, sql),
  DEALLOCATE: (reader) => deallocate(reader),
};

function unknownStart(reader: Reader): Error {
  // These are statements of the engine, or of Hive, that Athena knows of and does not run on Iceberg tables.
  const known = ["MSCK", "ANALYZE", "CALL", "COMMENT", "COMMIT", "GRANT", "REFRESH", "RESET", "REVOKE", "ROLLBACK"];
  const more = ["SET", "START", "TRUNCATE", "USE", "DENY", "UNLOAD"];
  if ([...known, ...more].includes(reader.peek().text.toUpperCase())) return notSupported();
  return malformed(
    `line 1:1: mismatched input '${reader.peek().text}'. Expecting: 'ALTER', 'CREATE', 'DELETE', 'DESCRIBE', 'DROP', ` +
      "'EXECUTE', 'EXPLAIN', 'INSERT', 'MERGE', 'OPTIMIZE', 'PREPARE', 'SHOW', 'UPDATE', 'VACUUM', <query>",
  );
}

function create(reader: Reader, sql: string, database: string | undefined): Statement {
  reader.expect("CREATE");
  if (reader.at("VIEW") || reader.at("OR", "REPLACE", "VIEW")) return createView(sql, database);
  if (reader.take("DATABASE") || reader.take("SCHEMA")) return createDatabase(reader);
  const external = reader.take("EXTERNAL");
  if (!reader.take("TABLE")) throw notSupported();
  return isCreateTableAs(reader) ? createTableAs(sql, database) : createTable(reader, database, external);
}

/** CTAS has WITH or AS behind the table's name, where DDL has its list of columns. */
function isCreateTableAs(reader: Reader): boolean {
  let at = reader.at("IF", "NOT", "EXISTS") ? 3 : 0;
  at += 1;
  while (reader.peek(at).text === ".") at += 2;
  return ["WITH", "AS"].includes(reader.peek(at).text.toUpperCase());
}

function alter(reader: Reader, _sql: string, database: string | undefined): Statement {
  reader.expect("ALTER");
  if (!reader.take("TABLE")) throw notSupported();
  return alterTable(reader, database);
}

function drop(reader: Reader, _sql: string, database: string | undefined): Statement {
  reader.expect("DROP");
  if (reader.take("DATABASE") || reader.take("SCHEMA")) return dropDatabase(reader);
  const isView = reader.take("VIEW");
  if (!isView && !reader.take("TABLE")) throw notSupported();
  const ifExists = reader.take("IF", "EXISTS");
  const table = tableName(isView ? reader.anyName() : reader.ddlName(), database);
  if (!isView) reader.take("PURGE");
  reader.end();
  return {
    statementType: "DDL",
    substatementType: isView ? "DROP_VIEW" : "DROP_TABLE",
    uses: [{ ...table, access: isView ? "drop-view" : "drop" }],
    databases: [],
    locations: [],
    plan: { kind: isView ? "drop-view" : "drop-table", table, ifExists },
  };
}

const prepared = (substatementType: string, plan: Plan): Statement => ({
  statementType: "DML",
  substatementType,
  uses: [],
  databases: [],
  locations: [],
  plan,
});

/** `PREPARE name FROM statement`: the statement is kept as text and read when it is executed. */
function prepare(reader: Reader, sql: string): Statement {
  reader.expect("PREPARE");
  const name = reader.identifier();
  reader.expect("FROM");
  if (reader.done) reader.mismatch("<query>");
  return prepared("PREPARE", { kind: "prepare", name, sql: sql.slice(reader.peek().at) });
}

/** `EXECUTE name [USING value, …]`. */
function execute(reader: Reader, sql: string): Statement {
  reader.expect("EXECUTE");
  const name = reader.identifier();
  const values = reader.take("USING") ? readValues(reader, sql) : [];
  reader.end();
  return prepared("EXECUTE", { kind: "execute", name, values });
}

/** The texts between the commas at the top level. */
function readValues(reader: Reader, sql: string): string[] {
  const values: string[] = [];
  let depth = 0;
  let from = reader.peek().at;
  while (!reader.done) {
    const token = reader.next();
    if (["(", "["].includes(token.text)) depth += 1;
    if ([")", "]"].includes(token.text)) depth -= 1;
    if (token.text !== "," || depth > 0) continue;
    values.push(sql.slice(from, token.at).trim());
    from = reader.peek().at;
  }
  return [...values, sql.slice(from).trim()];
}

function deallocate(reader: Reader): Statement {
  reader.expect("DEALLOCATE", "PREPARE");
  const name = reader.identifier();
  reader.end();
  return prepared("DEALLOCATE_PREPARE", { kind: "deallocate", name });
}
