import { readLiveRules } from "../../../handlers/live-metrics/rule-files.ts";
import type { LiveRules } from "../../../lib/lake/live-rules.ts";
import { tokenize } from "../../../local/aws/athena/sql/tokens.ts";

/** The rules of this repository. */
export const rules: LiveRules = readLiveRules(new URL("../../..", import.meta.url).pathname);

export const databases = { bronze: "wikilake_test_bronze", live: "wikilake_test_live" };

/** Texts of a statement's string literals, without quotes. */
export function literalsOf(sql: string): string[] {
  return tokenize(sql)
    .filter(({ kind }) => kind === "string")
    .map(({ text }) => text.slice(1, -1).replaceAll("''", "'"));
}

/** Kinds of tokens in order: what a literal cannot change. */
export const shapeOf = (sql: string): string =>
  tokenize(sql)
    .map(({ kind, text }) => (["string", "integer"].includes(kind) ? kind : text))
    .join("");
