import {
  type Columns,
  namespaceCountsColumns,
  pageEditCountsColumns,
  trafficColumns,
  userEditCountsColumns,
} from "../../schemas/tables/columns.ts";
import type { LiveRules } from "./live-rules.ts";
import { sqlIntegers, sqlText } from "./sql-text.ts";

/** A live table that is replaced minute by minute. */
export type LiveTable = {
  readonly name: string;
  readonly columns: Columns;
  /** Beside window_start; never NULL in what `select` gives. */
  readonly key: readonly string[];
  /** When the row was written. `once`: kept when the row changes later. */
  readonly stamp: { readonly column: string; readonly once: boolean };
  /** One row a key from `events` (live-source.ts): window_start, key and values, in any order. */
  readonly select: string;
};

/** Sites whose host begins with a language. */
const editions = [
  "wikipedia",
  "wiktionary",
  "wikinews",
  "wikibooks",
  "wikiquote",
  "wikisource",
  "wikiversity",
  "wikivoyage",
];
/** Hosts under wikimedia.org that are projects of their own. */
const ownProjects = ["commons", "meta", "species", "incubator"];
const quoted = (words: readonly string[]): string => words.map(sqlText).join(", ");

export function liveTables(rules: LiveRules): readonly LiveTable[] {
  return [traffic(rules), namespaceCounts, userEditCounts(rules), pageEditCounts];
}

function traffic(rules: LiveRules): LiveTable {
  const { severityModerateFrom: moderate, severityMajorFrom: major } = rules;
  const bytes = "abs(length_delta)";
  return {
    name: "traffic_1min",
    columns: trafficColumns,
    key: ["server_name"],
    stamp: { column: "computed_at", once: false },
    select: `SELECT g.*, ${languageSql} AS language, ${projectSql} AS project, ${regionSql(rules)} AS region
FROM (
  SELECT window_start, server_name, split(lower(server_name), '.') AS labels,
    count(*) AS event_count,
    coalesce(sum(${bytes}), 0) AS total_bytes,
    coalesce(sum(greatest(length_delta, 0)), 0) AS bytes_added,
    coalesce(sum(greatest(-length_delta, 0)), 0) AS bytes_removed,
    count_if(is_bot) AS bot_events,
    count_if(NOT is_bot) AS human_events,
    count_if(event_type = 'edit') AS edit_events,
    count_if(event_type = 'new') AS new_events,
    count_if(event_type = 'log') AS log_events,
    count_if(is_edit AND is_minor) AS minor_flagged,
    count_if(is_edit AND ${bytes} < ${sqlIntegers([moderate])}) AS severity_minor,
    count_if(is_edit AND ${bytes} >= ${sqlIntegers([moderate])} AND ${bytes} < ${sqlIntegers([major])}) AS severity_moderate,
    count_if(is_edit AND ${bytes} >= ${sqlIntegers([major])}) AS severity_major,
    count_if(user_kind IN ('temporary', 'ip')) AS anonymous_events,
    count(DISTINCT user_name) AS unique_users
  FROM events WHERE is_action AND NOT is_talk GROUP BY window_start, server_name
) g`,
  };
}

const languageSql = `CASE WHEN cardinality(labels) = 3 AND labels[1] <> 'www' AND labels[2] IN (${quoted(editions)}) THEN labels[1] ELSE 'mul' END`;

const projectSql = `CASE
    WHEN cardinality(labels) < 2 THEN 'other'
    WHEN element_at(labels, -2) <> 'wikimedia' THEN element_at(labels, -2)
    WHEN labels[1] IN (${quoted(ownProjects)}) THEN labels[1]
    ELSE 'wikimedia'
  END`;

function regionSql({ regionByDomain, regionByLanguage }: LiveRules): string {
  const whens = (pairs: LiveRules["regionByDomain"]): string =>
    pairs.map(([name, region]) => `WHEN ${sqlText(name)} THEN ${sqlText(region)}`).join(" ");
  const byLanguage =
    regionByLanguage.length === 0 ? "'other'" : `CASE ${languageSql} ${whens(regionByLanguage)} ELSE 'other' END`;
  return `CASE lower(server_name) ${whens(regionByDomain)} ELSE ${byLanguage} END`;
}

const namespaceCounts: LiveTable = {
  name: "namespace_counts_1min",
  columns: namespaceCountsColumns,
  key: ["namespace"],
  stamp: { column: "computed_at", once: false },
  select:
    "SELECT window_start, namespace, count(*) AS event_count FROM events WHERE namespace IS NOT NULL GROUP BY window_start, namespace",
};

function userEditCounts({ namespaces }: LiveRules): LiveTable {
  return {
    name: "user_edit_counts",
    columns: userEditCountsColumns,
    key: ["user_name"],
    stamp: { column: "created_at", once: true },
    select: `SELECT window_start, user_name,
    count_if(coalesce(namespace IN (${sqlIntegers(namespaces)}), false)) AS edit_count,
    count(*) AS edit_count_all,
    coalesce(sum(abs(length_delta)), 0) AS bytes_changed,
    count(DISTINCT wiki) AS wiki_count,
    max(user_kind) AS user_kind,
    bool_or(is_bot) AS is_bot
  FROM events WHERE is_edit AND user_name IS NOT NULL GROUP BY window_start, user_name`,
  };
}

const pageEditCounts: LiveTable = {
  name: "page_edit_counts",
  columns: pageEditCountsColumns,
  key: ["wiki", "title"],
  stamp: { column: "computed_at", once: false },
  select: `SELECT window_start, wiki, title,
    max(server_name) AS server_name,
    max(namespace) AS namespace,
    count(*) AS edit_count,
    count(DISTINCT user_name) AS unique_users,
    coalesce(sum(abs(length_delta)), 0) AS bytes_changed,
    coalesce(sum(length_delta), 0) AS net_bytes
  FROM events WHERE is_edit AND wiki IS NOT NULL AND title IS NOT NULL GROUP BY window_start, wiki, title`,
};
