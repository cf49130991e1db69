import {
  aProblem,
  badUpstream,
  type Columns,
  changed as changedRows,
  noProblem,
  select,
  upstream,
} from "./fixture-views.ts";
import type { GateFixtures, Views } from "./gate-fixtures.ts";

/** A frame of a hundred rows like the good one, in which some rows have another value. */
const changed =
  (columns: Columns) =>
  (name: string, value: string): Views => ({ primary: changedRows(columns, name, value) });

/** A sum that differs, either way, and nothing to compare. */
const sumsDiffer = (columns: string): readonly Views[] => [
  { day_check: `select ${columns}, 9L as day_value, 10L as hour_sum` },
  { day_check: `select ${columns}, 11L as day_value, 10L as hour_sum` },
  { day_check: `select ${columns}, 10L as day_value, 10L as hour_sum where false` },
];
const sumsAgree = (columns: string): Views => ({
  day_check: `select ${columns}, 10L as day_value, 10L as hour_sum`,
});
const incomplete = (columns: Columns, names: readonly string[]): Readonly<Record<string, readonly Views[]>> =>
  Object.fromEntries(names.map((name) => [`G-04.${name}`, [changed(columns)(name, "null")]]));
const noRows = (columns: Columns): readonly Views[] => [{ primary: select(columns, "range(0)") }];

const userColumns: Columns = {
  stat_date: "'2026-11-20'",
  server_name: "'en.wikipedia.org'",
  user_normalized: "concat('u', id)",
  is_bot: "false",
  events: "10L",
  edits: "8L",
  signal_edits: "6L",
  pages_edited: "3L",
  pages_created: "1L",
  bytes_changed: "500L",
  net_bytes: "-100L",
  large_deletions: "1L",
  reverts_made: "2L",
  reverted_edits: "1L",
  active_hours: "4",
  first_event_at: "timestamp_ntz'2026-11-20 01:00:00'",
  last_event_at: "timestamp_ntz'2026-11-20 09:00:00'",
};
const changedUser = changed(userColumns);

export const userDailyGate: GateFixtures = {
  ruleset: "gold/user_daily/checks.dqdl",
  sources: [],
  good: { primary: select(userColumns, "range(100)"), ...upstream("PASSED", 2), ...noProblem, ...sumsAgree("1 as x") },
  bad: {
    "G-01": badUpstream,
    "G-02": noRows(userColumns),
    "G-04": [changedUser("user_normalized", "'u8'")],
    ...incomplete(userColumns, ["stat_date", "server_name", "user_normalized", "is_bot"]),
    "G-05": aProblem,
    "G-06": [
      changedUser("edits", "11L"),
      changedUser("signal_edits", "9L"),
      changedUser("pages_created", "7L"),
      changedUser("pages_edited", "9L"),
      changedUser("pages_edited", "0L"),
      changedUser("large_deletions", "9L"),
      changedUser("reverts_made", "9L"),
      changedUser("reverted_edits", "9L"),
      changedUser("active_hours", "9"),
      changedUser("active_hours", "0"),
      changedUser("net_bytes", "-501L"),
      changedUser("first_event_at", "timestamp_ntz'2026-11-20 09:00:01'"),
    ],
    "G-08": sumsDiffer("1 as x"),
  },
};

const summaryColumns: Columns = {
  summary_date: "concat('2026-', id)",
  total_events: "100L",
  total_edits: "80L",
  unique_users: "30L",
  unique_pages_edited: "70L",
  registered_events: "60L",
  peak_hour_events: "10L",
  all_wikis_total_events: "200L",
  total_bytes_added: "1000L",
  total_bytes_removed: "300L",
  net_content_change: "700L",
  bot_percentage: "30.0D",
  anonymous_percentage: "20.0D",
  registered_user_percentage: "49.0D",
  europe_percentage: "40.0D",
  americas_percentage: "30.0D",
  asia_pacific_percentage: "20.0D",
  middle_east_percentage: "10.0D",
  other_percentage: "0.0D",
};
const changedSummary = changed(summaryColumns);

export const summaryGate: GateFixtures = {
  ruleset: "gold/daily_analytics_summary/checks.dqdl",
  sources: [],
  good: {
    primary: select(summaryColumns, "range(100)"),
    ...upstream("PASSED", 2),
    ...noProblem,
    ...sumsAgree("'2026-11-20' as summary_date, 'total_events' as measure"),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": noRows(summaryColumns),
    "G-04": [changedSummary("summary_date", "'2026-8'"), changedSummary("summary_date", "null")],
    "G-05": aProblem,
    "G-06": [
      changedSummary("net_content_change", "701L"),
      changedSummary("bot_percentage", "32.0D"),
      changedSummary("europe_percentage", "41.0D"),
      changedSummary("other_percentage", "-1.0D"),
      changedSummary("unique_pages_edited", "81L"),
      changedSummary("unique_users", "101L"),
      changedSummary("registered_events", "101L"),
      changedSummary("peak_hour_events", "101L"),
      changedSummary("total_edits", "101L"),
      changedSummary("all_wikis_total_events", "99L"),
    ],
    "G-08": sumsDiffer("'2026-11-20' as summary_date, 'total_events' as measure"),
  },
};

const contributorColumns: Columns = {
  as_of_date: "'2026-11-20'",
  period_days: "30",
  user: "concat('u', id)",
  is_bot: "false",
};
const changedContributor = changed(contributorColumns);
const list = (first: number, last: number, users: number, outOfOrder: number): Views => ({
  lists: `select '2026-11-20' as as_of_date, 30 as period_days, ${users}L as users, ${first} as first_rank, ${last} as last_rank, ${outOfOrder}L as out_of_order`,
});
const periods = (day: string, week: string, month: string): Views => ({
  periods: `select '2026-11-20' as as_of_date, 'Ada' as user, 'en' as language, 'wikipedia' as project, ${day} as day_edits, ${week} as week_edits, ${month} as month_edits`,
});

export const contributorsGate: GateFixtures = {
  ruleset: "gold/historical_top_contributors/checks.dqdl",
  sources: [],
  good: {
    primary: select(contributorColumns, "range(100)"),
    ...upstream("PASSED", 2),
    ...noProblem,
    ...list(1, 100, 100, 0),
    ...periods("null", "5L", "9L"),
    ...sumsAgree("'2026-11-20' as as_of_date, 'Ada' as user"),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": noRows(contributorColumns),
    "G-04": [changedContributor("user", "'u8'")],
    ...incomplete(contributorColumns, ["as_of_date", "period_days", "user", "is_bot"]),
    "G-05": aProblem,
    "G-06.lists": [list(1, 101, 101, 0), list(2, 100, 100, 0), list(1, 99, 100, 0), list(1, 100, 100, 1)],
    "G-06.periods": [periods("6L", "5L", "9L"), periods("5L", "10L", "9L"), periods("10L", "null", "9L")],
    "G-08": sumsDiffer("'2026-11-20' as as_of_date, 'Ada' as user"),
  },
};

const languageColumns: Columns = {
  as_of_date: "'2026-11-20'",
  period_days: "30",
  language: "concat('l', id)",
  project: "'wikipedia'",
};
const changedLanguage = changed(languageColumns);
const shares = (share: string): Views => ({
  shares: `select '2026-11-20' as as_of_date, 30 as period_days, ${share} as share`,
});

export const languagesGate: GateFixtures = {
  ruleset: "gold/historical_language_distribution/checks.dqdl",
  sources: [],
  good: {
    primary: select(languageColumns, "range(100)"),
    ...upstream("PASSED", 2),
    ...noProblem,
    ...shares("0.9999999999D"),
    ...periods("5L", "5L", "9L"),
    ...sumsAgree("'2026-11-20' as as_of_date"),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": noRows(languageColumns),
    "G-04": [changedLanguage("language", "'l8'")],
    ...incomplete(languageColumns, ["as_of_date", "period_days", "language", "project"]),
    "G-05": aProblem,
    "G-06.shares": [shares("0.99D"), shares("1.01D")],
    "G-06.periods": [periods("6L", "5L", "9L"), periods("5L", "10L", "9L")],
    "G-08": sumsDiffer("'2026-11-20' as as_of_date"),
  },
};

const serverColumns: Columns = {
  as_of_date: "'2026-11-20'",
  period_days: "30",
  server_name: "concat('s', id)",
};
const changedServer = changed(serverColumns);

export const serversGate: GateFixtures = {
  ruleset: "gold/historical_server_rankings/checks.dqdl",
  sources: [],
  good: {
    primary: select(serverColumns, "range(100)"),
    ...upstream("PASSED", 2),
    ...noProblem,
    ...list(1, 50, 50, 0),
    ...sumsAgree("'2026-11-20' as as_of_date, 'en.wikipedia.org' as server_name"),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": noRows(serverColumns),
    "G-04": [changedServer("server_name", "'s8'")],
    ...incomplete(serverColumns, ["as_of_date", "period_days", "server_name"]),
    "G-05": aProblem,
    "G-06": [list(2, 50, 50, 0), list(1, 50, 50, 1)],
    "G-08": sumsDiffer("'2026-11-20' as as_of_date, 'en.wikipedia.org' as server_name"),
  },
};

/** Name in the list of gates → its fixtures. */
export const dailyGates: readonly (readonly [string, GateFixtures])[] = [
  ["user_daily", userDailyGate],
  ["daily_analytics_summary", summaryGate],
  ["historical_top_contributors", contributorsGate],
  ["historical_language_distribution", languagesGate],
  ["historical_server_rankings", serversGate],
];
