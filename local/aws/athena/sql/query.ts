import type { TableName, TableUse } from "./names.ts";
import { type Piece, RelationWalker } from "./relations.ts";
import type { Statement } from "./statement.ts";

/** A query and every DML statement: passed on to the engine with its table names completed. */
export function query(sql: string, database: string | undefined): Statement {
  const walker = new RelationWalker(sql, database);
  const substatementType = walkDml(walker);
  walker.rest();
  return dml(substatementType, walker.pieces, isRows(substatementType) ? "rows" : "count");
}

/** EXPLAIN [ANALYZE] of a query or of DML. */
export function explain(sql: string, database: string | undefined): Statement {
  const walker = new RelationWalker(sql, database);
  walker.expect("EXPLAIN");
  walker.take("ANALYZE");
  if (walker.at("(") && !walker.at("(", "SELECT")) while (!walker.take(")") && !walker.done) walker.copy(); // (FORMAT JSON)
  walkDml(walker);
  walker.rest();
  return dml("EXPLAIN", walker.pieces, "rows");
}

/** CREATE [OR REPLACE] VIEW name AS query. */
export function createView(sql: string, database: string | undefined): Statement {
  const walker = new RelationWalker(sql, database);
  walker.expect("CREATE");
  walker.take("OR", "REPLACE");
  walker.expect("VIEW");
  const table = walker.table("create-view");
  walker.expect("AS");
  walker.rest();
  const { pieces } = walker;
  return {
    statementType: "DDL",
    substatementType: "CREATE_VIEW",
    uses: usesOf(pieces),
    databases: [],
    locations: [],
    plan: { kind: "create-view", table, pieces },
  };
}

/** The beginning of a statement up to where ordinary query text starts. Returns Athena's name for its kind. */
export function walkDml(walker: RelationWalker): string {
  if (walker.take("INSERT", "INTO")) return head(walker, "INSERT");
  if (walker.take("DELETE", "FROM")) return head(walker, "DELETE");
  if (walker.take("UPDATE")) return head(walker, "UPDATE");
  if (!walker.take("MERGE", "INTO")) return "SELECT";
  walker.table("write");
  while (!walker.at("USING") && !walker.done) walker.step();
  walker.expect("USING");
  walker.expectRelation();
  return "MERGE";
}

function head(walker: RelationWalker, kind: string): string {
  walker.table("write");
  return kind;
}

const isRows = (kind: string): boolean => kind === "SELECT";

const dml = (substatementType: string, pieces: readonly Piece[], output: "rows" | "count"): Statement => ({
  statementType: "DML",
  substatementType,
  uses: usesOf(pieces),
  databases: [],
  locations: [],
  plan: { kind: "engine", pieces, output },
});

/** Every table the pieces name, once per kind of access. */
export function usesOf(pieces: readonly Piece[]): TableUse[] {
  const seen = new Map<string, TableUse>();
  for (const piece of pieces) {
    if (typeof piece === "string") continue;
    const { database, table, access } = piece;
    seen.set(`${access} ${database}.${table}`, { database, table, access });
  }
  return [...seen.values()];
}

/** The text for the engine once each table's catalog is known. */
export const render = (pieces: readonly Piece[], nameOf: (table: TableName) => string): string =>
  pieces.map((piece) => (typeof piece === "string" ? piece : nameOf(piece))).join("");
