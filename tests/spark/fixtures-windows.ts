import { aProblem, badUpstream, type Columns, changed, noProblem, rows, upstream } from "./fixture-views.ts";
import type { GateFixtures, Views } from "./gate-fixtures.ts";

const start = "timestamp_ntz'2026-11-20 10:00:00'";
const counts: Columns = {
  window_start: start,
  wiki: "concat('w', id)",
  edit_count: "8L",
  bot_edits: "3L",
  human_edits: "5L",
  anonymous_edits: "2L",
  registered_edits: "3L",
  revert_count: "1L",
  reverted_edits: "2L",
};
const windows = (count = 3): string =>
  `select ${start} + make_dt_interval(0, 0, 10 * id) as window_start from range(${count})`;
const againstSilver = (edits: string, found = "8L"): Views => ({
  against_silver: `select ${start} as window_start, concat('w', id) as wiki, ${found} as edit_count, ${edits} as edits from range(100)`,
});
const badAgainstSilver: readonly Views[] = [
  againstSilver("if(id = 7, 9L, 8L)"),
  againstSilver("if(id = 7, null, 8L)"),
  againstSilver("8L", "if(id = 7, null, 8L)"),
];

const globalColumns: Columns = {
  ...counts,
  // Four windows of 24 wikis, and for each the row of all.
  window_start: `${start} + make_dt_interval(0, 0, 10 * cast(floor(id / 25) as int))`,
  scope: "if(id % 25 = 0, '*', concat('w', id % 25))",
  is_touched: "true",
  total_events: "if(id % 25 = 0, 240L, 10L)",
  edit_count: "if(id % 25 = 0, 192L, 8L)",
  bot_edits: "if(id % 25 = 0, 72L, 3L)",
  human_edits: "if(id % 25 = 0, 120L, 5L)",
  revert_count: "if(id % 25 = 0, 24L, 1L)",
  reverted_edits: "if(id % 25 = 0, 48L, 2L)",
  unique_users: "4L",
  unique_pages: "if(id % 25 = 0, 72L, 3L)",
};
const globalWith = (name: string, value: string): Views => ({ primary: changed(globalColumns, name, value) });
const globalAgainst = (events: string, edits: string, found = "10L"): Views => ({
  against_silver: `select ${start} as window_start, concat('w', id) as scope, ${found} as total_events, 8L as edit_count, ${events} as events, ${edits} as edits from range(100)`,
});

export const globalMetricsGate: GateFixtures = {
  ruleset: "gold/global_metrics_10min/checks.dqdl",
  sources: [],
  good: {
    primary: rows(globalColumns),
    ...upstream("PASSED", 2),
    ...globalAgainst("10L", "8L"),
    ...noProblem,
  },
  bad: {
    "G-01": badUpstream,
    "G-02": [{ primary: rows(globalColumns, 0) }],
    "G-03": [
      globalAgainst("if(id = 7, 11L, 10L)", "8L"),
      globalAgainst("10L", "if(id = 7, 7L, 8L)"),
      globalAgainst("if(id = 7, null, 10L)", "8L"),
      globalAgainst("10L", "8L", "if(id = 7, null, 10L)"),
    ],
    "G-04": [globalWith("scope", "'w8'")],
    "G-04.window_start": [globalWith("window_start", "null")],
    "G-04.scope": [globalWith("scope", "null")],
    "G-05": aProblem,
    "G-06": [
      globalWith("human_edits", "6L"),
      globalWith("registered_edits", "4L"),
      globalWith("unique_users", "9L"),
      globalWith("unique_pages", "9L"),
      globalWith("revert_count", "9L"),
      globalWith("reverted_edits", "9L"),
      globalWith("total_events", "7L"),
    ],
    "G-06.all_wikis": ["total_events", "edit_count", "revert_count", "reverted_edits", "unique_pages"].map((name) =>
      globalWith(name, "2L + id"),
    ),
  },
};

/** Gate of a table that is compared with silver window by window: `view` holds the rows of the touched windows. */
const windowGate = (
  table: string,
  view: string,
  columns: Columns,
  inconsistent: GateFixtures["bad"][string],
): GateFixtures => ({
  ruleset: `gold/${table}/checks.dqdl`,
  sources: [],
  good: { primary: windows(), [view]: rows(columns), ...upstream("PASSED", 2), ...againstSilver("8L"), ...noProblem },
  bad: {
    "G-01": badUpstream,
    "G-02": [{ primary: windows(0) }],
    "G-03": badAgainstSilver,
    "G-04": [{ [view]: `${rows(columns)} union all ${rows(columns, 1)}` }],
    "G-05": aProblem,
    "G-06": inconsistent,
  },
});

const userColumns: Columns = {
  ...counts,
  user_normalized: "concat('u', id)",
  anonymous_edits: "0L",
  registered_edits: "5L",
  pages_edited: "3L",
  namespaces_edited: "2L",
  talk_warnings: "1L",
  reverts_made: "1L",
  wikis_edited: "1L",
};
const userWith = (name: string, value: string): Views => ({ rows_now: changed(userColumns, name, value) });

export const userMetricsGate = windowGate("user_metrics_10min", "rows_now", userColumns, [
  userWith("human_edits", "6L"),
  userWith("registered_edits", "4L"),
  userWith("pages_edited", "9L"),
  userWith("namespaces_edited", "9L"),
  userWith("talk_warnings", "9L"),
  userWith("revert_count", "2L"),
  userWith("reverted_edits", "9L"),
  userWith("wikis_edited", "0L"),
]);

const entityColumns: Columns = { ...counts, title: "concat('t', id)", unique_users: "4L", is_watched: "false" };
const entityWith = (name: string, value: string): Views => ({ entities: changed(entityColumns, name, value) });

export const entityMetricsGate = windowGate("entity_metrics_10min", "entities", entityColumns, [
  entityWith("human_edits", "6L"),
  entityWith("registered_edits", "4L"),
  entityWith("unique_users", "9L"),
  entityWith("revert_count", "9L"),
  entityWith("reverted_edits", "9L"),
  {
    entities: rows({
      ...entityColumns,
      edit_count: "2L",
      bot_edits: "0L",
      human_edits: "2L",
      anonymous_edits: "0L",
      registered_edits: "2L",
      unique_users: "1L",
    }),
  },
]);

const baselineColumns: Columns = {
  as_of_date: "'2026-11-20'",
  wiki: "concat('w', id)",
  metric: "'edits_10min'",
  hour_of_day: "-1",
  median: "10D",
  p95: "20D",
  p99: "30D",
  p999: "40D",
};
const baselineWith = (name: string, value: string): Views => ({ baselines: changed(baselineColumns, name, value) });
const lookedAt = (days: number, used: string): Views => ({
  primary: `select concat('2026-11-', 10 + id) as as_of_date, ${days}L as days, ${used} as days_used from range(5)`,
});

export const baselinesGate: GateFixtures = {
  ruleset: "gold/wiki_baselines/checks.dqdl",
  sources: [],
  good: {
    ...lookedAt(8, "8L"),
    baselines: rows(baselineColumns),
    ...upstream("PASSED", 2),
    ...noProblem,
  },
  bad: {
    "G-01": badUpstream,
    "G-02": [{ primary: "select '2026-11-20' as as_of_date, 8L as days, 8L as days_used where false" }],
    "G-04": [baselineWith("wiki", "'w8'")],
    "G-05": aProblem,
    "G-06": [baselineWith("median", "21D"), baselineWith("p95", "31D"), baselineWith("p99", "41D")],
    "G-10": [lookedAt(8, "7L"), lookedAt(8, "cast(null as bigint)"), lookedAt(6, "6L")],
  },
};

const accountColumns: Columns = { event_id: "concat('e', id)", kind: "'created'", user_normalized: "'Ada'" };
const accountWith = (name: string, value: string): Views => ({ account_events: changed(accountColumns, name, value) });
const judgedEvents = (wanted: string, kind: string, count = 100): Views => ({
  primary: `select concat('e', id) as event_id, ${wanted} as is_wanted, ${kind} as kind from range(${count})`,
});

export const accountEventsGate: GateFixtures = {
  ruleset: "silver/account_events/checks.dqdl",
  sources: ["account_events"],
  good: { ...judgedEvents("id < 50", "if(id < 50, 'created', null)"), account_events: rows(accountColumns) },
  bad: {
    "S-21": [judgedEvents("true", "'created'", 0)],
    "S-22": [accountWith("event_id", "'e8'")],
    "S-23": [
      judgedEvents("id < 51", "if(id < 50, 'created', null)"),
      judgedEvents("id < 49", "if(id < 50, 'created', null)"),
    ],
    "S-24": [accountWith("kind", "'renamed'"), accountWith("kind", "null"), accountWith("user_normalized", "''")],
  },
};
