import type { Reader } from "./reader.ts";
import { quoteIdentifier } from "./tokens.ts";

/** Athena's DDL types for Iceberg and Parquet tables. What is not here (varchar, integer, tinyint, json …) DDL refuses. */
const simpleTypes: Readonly<Record<string, string>> = {
  string: "varchar",
  int: "integer",
  bigint: "bigint",
  double: "double",
  float: "real",
  boolean: "boolean",
  date: "date",
  timestamp: "timestamp(6)",
  binary: "varbinary",
};

/** Reads one DDL type (`array<struct<a:int,b:string>>`) and returns the engine's (`array(row("a" integer, …))`). */
export function readType(reader: Reader): string {
  const name = reader.peek().text.toLowerCase();
  if (reader.peek().kind !== "word") reader.mismatch("<type>");
  const simple = simpleTypes[name];
  if (simple !== undefined && Object.hasOwn(simpleTypes, name)) {
    reader.next();
    return simple;
  }
  if (name === "decimal") return decimal(reader);
  if (name === "array") return bracketed(reader, () => `array(${readType(reader)})`);
  if (name === "map") return bracketed(reader, () => mapOf(reader));
  if (name === "struct") return bracketed(reader, () => `row(${fields(reader).join(", ")})`);
  return reader.mismatch(`${Object.keys(simpleTypes).join(", ")}, decimal, array, map, struct`);
}

function decimal(reader: Reader): string {
  reader.next();
  if (!reader.take("(")) return "decimal(10, 0)"; // Hive's default
  const precision = reader.integer();
  const scale = reader.take(",") ? reader.integer() : 0;
  reader.expect(")");
  return `decimal(${precision}, ${scale})`;
}

function bracketed(reader: Reader, inner: () => string): string {
  reader.next();
  reader.expect("<");
  const type = inner();
  closeBracket(reader);
  return type;
}

/** `array<array<int>>` ends in `>>`, and `struct<a:int>=` cannot occur: single `>` tokens are all the tokenizer makes. */
function closeBracket(reader: Reader): void {
  reader.expect(">");
}

function mapOf(reader: Reader): string {
  const key = readType(reader);
  reader.expect(",");
  return `map(${key}, ${readType(reader)})`;
}

function fields(reader: Reader): string[] {
  const list: string[] = [];
  do {
    const name = reader.ddlIdentifier();
    reader.expect(":");
    list.push(`${quoteIdentifier(name)} ${readType(reader)}`);
    if (reader.take("COMMENT")) reader.ddlString(); // the engine has no place for comments inside a struct
  } while (reader.take(","));
  return list;
}

/** The engine's type as Athena's DDL writes it, for DESCRIBE, SHOW CREATE TABLE and Glue: `timestamp(6)` → `timestamp`. */
export function ddlType(engineType: string): string {
  const [head = "", ...rest] = engineType.split("(");
  const name = head.trim();
  const inner = rest.join("(").slice(0, -1);
  if (name === "varchar" || name === "char") return rest.length === 0 ? "string" : `${name}(${inner})`;
  if (name === "integer") return "int";
  if (name === "real") return "float";
  if (name === "varbinary") return "binary";
  if (name === "timestamp" || name.startsWith("timestamp")) return "timestamp";
  if (name === "decimal") return `decimal(${splitTop(inner).join(",")})`;
  if (name === "array") return `array<${ddlType(inner)}>`;
  if (name === "map") return `map<${splitTop(inner).map(ddlType).join(",")}>`;
  if (name === "row") return `struct<${splitTop(inner).map(ddlField).join(",")}>`;
  return name;
}

function ddlField(field: string): string {
  const quoted = /^"((?:[^"]|"")*)"\s+(.*)$/s.exec(field) ?? /^(\S+)\s+(.*)$/s.exec(field);
  return `${quoted?.[1] ?? ""}:${ddlType(quoted?.[2] ?? "")}`;
}

/** Splits `a, b(c, d)` at its own commas only. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return parts;
}
