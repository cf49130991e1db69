import { blacklistHitsColumns } from "../../schemas/tables/columns.ts";
import type { BlacklistField, BlacklistTerm } from "./live-rules.ts";
import { liveEvents } from "./live-source.ts";
import type { LiveDatabases } from "./live-statements.ts";
import { dateOf, datesOf, type Minute } from "./live-windows.ts";
import { sqlName, sqlTable, sqlText, sqlTimestamp } from "./sql-text.ts";

/** Characters of the field that are kept with a hit. */
const excerptLength = 120;
const sources: Readonly<Record<BlacklistField, string>> = { title: "title", comment: '"comment"', user: "user_name" };

/**
 * Adds the hits of these minutes that are not there yet; undefined when no term counts on the day of `nowMs`. Nothing is
 * taken away: events never leave bronze, and a hit of a former list was one.
 */
export function mergeBlacklistHits(
  databases: LiveDatabases,
  terms: readonly BlacklistTerm[],
  minutes: readonly Minute[],
  nowMs: number,
): string | undefined {
  const rows = terms
    .filter(({ expires }) => expires === null || expires >= dateOf(nowMs))
    .flatMap((term) => term.fields.map((field) => hitSql(term, field)));
  if (rows.length === 0) return undefined;
  const names = blacklistHitsColumns.map(([name]) => name);
  const made: Readonly<Record<string, string>> = {
    detected_at: sqlTimestamp(nowMs),
    hit_date: "date_format(s.event_timestamp, '%Y-%m-%d')",
  };
  const values = names.map((name) => made[name] ?? `s.${sqlName(name)}`);
  return `MERGE INTO ${sqlTable(databases.live, "blacklist_hits")} t USING (
${liveEvents(databases.bronze, minutes)}
SELECT e.event_id, h.term_id, h.field, e.wiki, e.title, e.user_name AS user_normalized,
  substr(h.excerpt, 1, ${excerptLength}) AS excerpt, e.event_timestamp, h.severity
FROM events e
CROSS JOIN UNNEST(ARRAY[
  ${rows.join(",\n  ")}
]) AS h (term_id, field, severity, excerpt)
WHERE e.is_action AND h.term_id IS NOT NULL
) s ON t.hit_date IN (${datesOf(minutes)}) AND t.event_id = s.event_id AND t.term_id = s.term_id AND t.field = s.field
WHEN NOT MATCHED THEN INSERT (${names.map(sqlName).join(", ")}) VALUES (${values.join(", ")})`;
}

/** A row of one term in one field, or NULL where it does not match. */
function hitSql(term: BlacklistTerm, field: BlacklistField): string {
  const source = sources[field];
  const normal = `normalize(${source}, NFKC)`;
  const compared = term.case_sensitive ? normal : `lower(${normal})`;
  const conditions = [`regexp_like(${compared}, ${sqlText(patternOf(term))})`];
  if (term.wikis.length > 0) conditions.push(`wiki IN (${term.wikis.map(sqlText).join(", ")})`);
  const row = [sqlText(term.id), sqlText(field), sqlText(term.severity), source]
    .map((value) => `CAST(${value} AS varchar)`)
    .join(", ");
  return `CASE WHEN ${conditions.join(" AND ")} THEN ROW(${row}) END`;
}

function patternOf({ pattern, type, case_sensitive, whole_word }: BlacklistTerm): string {
  const normal = pattern.normalize("NFKC");
  const folded = case_sensitive ? normal : normal.toLowerCase();
  const body = type === "regex" ? `(?:${folded})` : folded.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return whole_word ? `(?:^|[^\\p{L}\\p{N}])${body}(?:$|[^\\p{L}\\p{N}])` : body;
}
