import { readColumns } from "./create-table.ts";
import { tableName } from "./names.ts";
import { checkIcebergProperties, readProperties } from "./properties.ts";
import type { Reader } from "./reader.ts";
import { malformed, notSupported } from "./refusal.ts";
import type { Alteration, Column, Plan, Statement } from "./statement.ts";
import { quoteIdentifier, quoteString } from "./tokens.ts";
import { readType } from "./types.ts";

/** Reads `ALTER TABLE …` from the table's name on. */
export function alterTable(reader: Reader, database: string | undefined): Statement {
  const table = tableName(reader.ddlName(), database);
  const { plan, substatementType } = change(reader, table);
  reader.end();
  return {
    statementType: "DDL",
    substatementType,
    uses: [{ ...table, access: "alter" }],
    databases: [],
    locations: [],
    plan,
  };
}

type Table = ReturnType<typeof tableName>;
type Change = { readonly plan: Plan; readonly substatementType: string };

function change(reader: Reader, table: Table): Change {
  if (reader.take("ADD", "COLUMNS")) return alter("ALTER_TABLE_ADD_COLUMN", table, readColumns(reader).map(addColumn));
  if (reader.take("DROP", "COLUMN"))
    return alter("ALTER_TABLE_DROP_COLUMN", table, [
      { clause: `DROP COLUMN ${quoteIdentifier(reader.ddlIdentifier())}` },
    ]);
  if (reader.take("CHANGE")) return alter("ALTER_TABLE_CHANGE_COLUMN", table, changeColumn(reader));
  if (reader.take("SET", "TBLPROPERTIES")) return setProperties(reader, table);
  if (reader.take("UNSET", "TBLPROPERTIES")) return unsetProperties(reader, table);
  if (reader.take("RENAME", "TO"))
    return {
      plan: { kind: "rename", table, to: tableName(reader.ddlName(), table.database) },
      substatementType: "ALTER_TABLE_RENAME",
    };
  throw notSupported();
}

const alter = (substatementType: string, table: Table, alterations: readonly Alteration[]): Change => ({
  plan: { kind: "alter", table, alterations },
  substatementType,
});

function addColumn({ name, type, comment }: Column): Alteration {
  const text = comment === undefined ? "" : ` COMMENT ${quoteString(comment)}`;
  return { clause: `ADD COLUMN ${quoteIdentifier(name)} ${type}${text}` };
}

/** `CHANGE [COLUMN] old new type [COMMENT '…']`: a rename, a widening, or both. */
function changeColumn(reader: Reader): Alteration[] {
  reader.take("COLUMN");
  const from = reader.ddlIdentifier();
  const to = reader.ddlIdentifier();
  const type = readType(reader);
  if (reader.at("FIRST") || reader.at("AFTER")) throw notSupported("Reordering columns is not supported");
  if (reader.take("COMMENT")) reader.ddlString();
  const rename = { clause: `RENAME COLUMN ${quoteIdentifier(from)} TO ${quoteIdentifier(to)}` };
  const widen = { clause: `ALTER COLUMN ${quoteIdentifier(to)} SET DATA TYPE ${type}` };
  return from === to ? [widen] : [rename, widen];
}

function setProperties(reader: Reader, table: Table): Change {
  const properties = readProperties(reader);
  checkIcebergProperties(properties);
  for (const fixed of ["table_type", "format"])
    if (properties[fixed] !== undefined) throw malformed(`Table property ${fixed} cannot be changed`);
  return { plan: { kind: "set-properties", table, properties }, substatementType: "ALTER_TABLE_SET_TBLPROPERTIES" };
}

function unsetProperties(reader: Reader, table: Table): Change {
  const keys: string[] = [];
  reader.expect("(");
  do keys.push(reader.ddlString().toLowerCase());
  while (reader.take(","));
  reader.expect(")");
  checkIcebergProperties(Object.fromEntries(keys.map((key) => [key, "0"])));
  return { plan: { kind: "unset-properties", table, keys }, substatementType: "ALTER_TABLE_UNSET_TBLPROPERTIES" };
}
