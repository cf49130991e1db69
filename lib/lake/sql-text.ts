import { batchIdPattern } from "../core/batch.ts";
import { tableNamePattern } from "./batch-facts.ts";
import { LakeError } from "./errors.ts";

/** Glue database names of ours: `wikilake_<stage>_<layer>`. */
const databasePattern = /^[a-z][a-z0-9_]{0,127}$/;
const datePattern = /^\d{4}-\d{2}(-\d{2})?$/;

/*
 * The only ways by which a value gets into SQL text. Each admits a closed form, none admits a quote: what an event says
 * reaches the engine as data of a staged file, never as text of a statement.
 */

/** A quoted name. `user` and `comment` are reserved in places, so that every column is quoted. */
export function sqlName(name: string): string {
  return `"${checked(name, tableNamePattern)}"`;
}

export function sqlTable(database: string, table: string): string {
  return `"${checked(database, databasePattern)}".${sqlName(table)}`;
}

export function sqlInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw unsafe(String(value));
  return String(value);
}

export function sqlIntegers(values: readonly number[]): string {
  return [...new Set(values)]
    .sort((a, b) => a - b)
    .map(sqlInteger)
    .join(", ");
}

export function sqlBatchIds(ids: readonly string[]): string {
  return ids.map((id) => `'${checked(id, batchIdPattern)}'`).join(", ");
}

export function sqlDates(dates: readonly string[]): string {
  return [...new Set(dates)]
    .sort()
    .map((date) => `'${checked(date, datePattern)}'`)
    .join(", ");
}

/** `TIMESTAMP '2026-11-21 13:00:00.000'`, UTC. */
export function sqlTimestamp(ms: number): string {
  return `TIMESTAMP '${new Date(ms).toISOString().replace("T", " ").replace("Z", "")}'`;
}

/** No control character, no line break, no lone surrogate, nothing that hides. */
const configTextPattern = /^[^\p{C}\u2028\u2029]*$/u;

/** A quoted text of the project's own configuration, never of an event: its quotes are doubled. */
export function sqlText(text: string): string {
  return `'${checked(text, configTextPattern).replaceAll("'", "''")}'`;
}

function checked(text: string, pattern: RegExp): string {
  if (!pattern.test(text)) throw unsafe(text);
  return text;
}

function unsafe(text: string): LakeError {
  return new LakeError("LAKE_UNSAFE_SQL", `refused to put ${JSON.stringify(text.slice(0, 40))} into a statement`, {
    retriable: false,
  });
}
