import type { Reader } from "./reader.ts";
import { notSupported } from "./refusal.ts";
import { databaseName } from "./show.ts";
import type { Statement } from "./statement.ts";

/** `CREATE {DATABASE | SCHEMA} [IF NOT EXISTS] d [COMMENT …] [LOCATION …]`; the engine's own WITH (…) is none of Athena's. */
export function createDatabase(reader: Reader): Statement {
  const ifNotExists = reader.take("IF", "NOT", "EXISTS");
  const database = databaseName(reader);
  if (reader.take("COMMENT")) reader.ddlString();
  const location = reader.take("LOCATION") ? reader.ddlString() : undefined;
  if (reader.at("WITH")) throw notSupported();
  reader.end();
  return {
    statementType: "DDL",
    substatementType: "CREATE_DATABASE",
    uses: [],
    databases: [{ database, access: "create" }],
    locations: [],
    plan: { kind: "create-database", database, ifNotExists, ...(location !== undefined && { location }) },
  };
}

/** `DROP {DATABASE | SCHEMA} [IF EXISTS] d [RESTRICT | CASCADE]`. */
export function dropDatabase(reader: Reader): Statement {
  const ifExists = reader.take("IF", "EXISTS");
  const database = databaseName(reader);
  const cascade = reader.take("CASCADE");
  if (!cascade) reader.take("RESTRICT");
  reader.end();
  return {
    statementType: "DDL",
    substatementType: "DROP_DATABASE",
    uses: [],
    databases: [{ database, access: "drop" }],
    locations: [],
    plan: { kind: "drop-database", database, ifExists, cascade },
  };
}
