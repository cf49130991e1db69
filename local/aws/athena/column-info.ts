import type { TrinoColumn, TypeSignature } from "./engine/trino-protocol.ts";
import type { ColumnInfo } from "./query-record.ts";

/** Digits and sizes that Athena reports whatever the column holds. */
const fixedPrecision: Readonly<Record<string, number>> = {
  tinyint: 3,
  smallint: 5,
  integer: 10,
  bigint: 19,
  double: 17,
  float: 17,
  timestamp: 3,
  varbinary: 1_073_741_824,
};
const unboundedVarchar = 2_147_483_647;

/** The ColumnInfo of a result column: base name of the type, precision and scale as Athena gives them. */
export function columnInfo({ name, typeSignature }: Pick<TrinoColumn, "name" | "typeSignature">): ColumnInfo {
  const type = typeName(typeSignature.rawType);
  const { precision, scale } = digits(type, typeSignature);
  return {
    CatalogName: "hive",
    SchemaName: "",
    TableName: "",
    Name: name,
    Label: name,
    Type: type,
    Precision: precision,
    Scale: scale,
    Nullable: "UNKNOWN",
    CaseSensitive: type === "varchar" || type === "char",
  };
}

/** A column of text, as listings have them. */
export const textColumn = (name: string): ColumnInfo => ({
  ...columnInfo({ name, typeSignature: { rawType: "varchar", arguments: [] } }),
  Type: "string",
  Precision: 0,
  CaseSensitive: false,
});

/** The one column of a statement that answers with a count. */
export const countColumn: ColumnInfo = columnInfo({
  name: "rows",
  typeSignature: { rawType: "bigint", arguments: [] },
});

function typeName(rawType: string): string {
  return rawType === "real" ? "float" : rawType;
}

function digits(type: string, { arguments: all }: TypeSignature): { precision: number; scale: number } {
  const numbers = all.flatMap((argument) => (argument.kind === "LONG" ? [argument.value] : []));
  if (type === "decimal") return { precision: numbers[0] ?? 0, scale: numbers[1] ?? 0 };
  if (type === "varchar" || type === "char") return { precision: numbers[0] ?? unboundedVarchar, scale: 0 };
  return { precision: fixedPrecision[type] ?? 0, scale: 0 };
}
