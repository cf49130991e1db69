import type { TypeSignature } from "./engine/trino-protocol.ts";

/** A value as Athena prints it in GetQueryResults and in the CSV; undefined for NULL. */
export function valueText(value: unknown, type: TypeSignature): string | undefined {
  if (value === null || value === undefined) return undefined;
  const { rawType } = type;
  if (rawType === "double" || rawType === "real") return doubleText(value);
  if (rawType === "varbinary" && typeof value === "string") return hexText(value);
  if (rawType === "array" && Array.isArray(value)) return arrayText(value, type);
  if (rawType === "map" && typeof value === "object") return mapText(value, type);
  if (rawType === "row" && Array.isArray(value)) return rowText(value, type);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const inner = (value: unknown, type: TypeSignature | undefined): string =>
  type === undefined ? String(value) : (valueText(value, type) ?? "null");

const typeArgument = ({ arguments: all }: TypeSignature, at: number): TypeSignature | undefined => {
  const found = all[at];
  return found?.kind === "TYPE" || found?.kind === "NAMED_TYPE" ? found.value : undefined;
};

function arrayText(values: readonly unknown[], type: TypeSignature): string {
  const element = typeArgument(type, 0);
  return `[${values.map((value) => inner(value, element)).join(", ")}]`;
}

/** Entries stand in the order of their keys, numbers by size. */
function mapText(value: object, type: TypeSignature): string {
  const key = typeArgument(type, 0)?.rawType ?? "varchar";
  const numeric = ["tinyint", "smallint", "integer", "bigint", "decimal", "double", "real"].includes(key);
  const entries = Object.entries(value).sort(([a], [b]) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${name}=${inner(item, typeArgument(type, 1))}`).join(", ")}}`;
}

function rowText(values: readonly unknown[], type: TypeSignature): string {
  const fields = values.map((value, i) => {
    const argument = type.arguments[i];
    const name = argument?.kind === "NAMED_TYPE" ? argument.name : undefined;
    return `${name === undefined ? "" : `${name}=`}${inner(value, typeArgument(type, i))}`;
  });
  return `{${fields.join(", ")}}`;
}

/** Base64 of the protocol → `01 02 ff`. */
const hexText = (base64: string): string =>
  [...Buffer.from(base64, "base64")].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Java's way of writing a double: `1.0`, `1.0E7`, `1.5E-4`, `NaN`. */
function doubleText(value: unknown): string {
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  return `${mantissa.includes(".") ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}
