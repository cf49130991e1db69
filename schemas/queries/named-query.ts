import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One question that the lake answers: a file of this folder, a named query of the template, a part of the cookbook. */
export type NamedQuery = {
  /** The file's name without .sql; its first word is the layer that it is about. */
  readonly name: string;
  /** One sentence, ends with a question mark. */
  readonly question: string;
  /** What narrows it: which rows, which period. May be empty. */
  readonly note: string;
  readonly columns: readonly { readonly name: string; readonly meaning: string }[];
  /** Without the comment above it; layers stand for databases (`gold.hourly_stats`). */
  readonly sql: string;
  /** The whole file. */
  readonly text: string;
};

/**
 * Reads `-- question?`, `-- note` lines, an empty `--`, one `-- column: meaning` a column, then the statement.
 * Throws with the file's name on any other form.
 */
export function parseNamedQuery(name: string, text: string): NamedQuery {
  const lines = text.trimEnd().split("\n");
  const first = lines.findIndex((line) => !line.startsWith("--"));
  const comment = lines.slice(0, Math.max(first, 0)).map((line) => line.replace(/^-- ?/, ""));
  const gap = comment.indexOf("");
  const [question = "", ...note] = comment.slice(0, Math.max(gap, 0));
  if (!question.endsWith("?") || first < 0) throw new Error(`${name}.sql: begins with no question`);
  const columns = comment.slice(gap + 1).map((line) => {
    const [, column, meaning] = /^([a-z0-9_]+): (.+)$/.exec(line) ?? [];
    if (column === undefined || meaning === undefined) throw new Error(`${name}.sql: not a column: ${line}`);
    return { name: column, meaning };
  });
  if (columns.length === 0) throw new Error(`${name}.sql: says of no column what it means`);
  return { name, question, note: note.join(" "), columns, sql: lines.slice(first).join("\n"), text };
}

/** Every query of this folder, by name. Throws on the first that cannot be read. */
export function readNamedQueries(folder: string = import.meta.dirname): readonly NamedQuery[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql"));
  return files
    .sort()
    .map((file) => parseNamedQuery(file.replace(/\.sql$/, ""), readFileSync(join(folder, file), "utf8")));
}
