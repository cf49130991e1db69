import { tableName } from "./names.ts";
import { render } from "./query.ts";
import type { Reader } from "./reader.ts";
import { RelationWalker } from "./relations.ts";
import type { Statement } from "./statement.ts";

/** `OPTIMIZE t REWRITE DATA USING BIN_PACK [WHERE …]`. The predicate is judged by the engine: partition columns only. */
export function optimize(reader: Reader, database: string | undefined): Statement {
  reader.expect("OPTIMIZE");
  const table = tableName(reader.anyName(), database);
  reader.expect("REWRITE", "DATA", "USING", "BIN_PACK");
  const where = reader.at("WHERE") ? predicate(reader.sql.slice(reader.peek().at), database) : "";
  if (where === "") reader.end();
  return {
    statementType: "DML",
    substatementType: "OPTIMIZE",
    uses: [{ ...table, access: "write" }],
    databases: [],
    locations: [],
    plan: { kind: "optimize", table, where },
  };
}

/** The WHERE clause with Athena's number literals made the engine's. A subquery would need more: Athena refuses it too. */
function predicate(text: string, database: string | undefined): string {
  const walker = new RelationWalker(text, database);
  walker.rest();
  return render(walker.pieces, ({ database: schema, table }) => `${schema}.${table}`).trim();
}

/** `VACUUM t`: expires snapshots and removes orphans; how old is said by the table's properties. */
export function vacuum(reader: Reader, database: string | undefined): Statement {
  reader.expect("VACUUM");
  const table = tableName(reader.anyName(), database);
  reader.end();
  return {
    statementType: "DML",
    substatementType: "VACUUM",
    uses: [{ ...table, access: "vacuum" }],
    databases: [],
    locations: [],
    plan: { kind: "vacuum", table },
  };
}
