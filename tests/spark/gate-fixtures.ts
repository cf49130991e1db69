import { type Columns, select, some } from "./fixture-views.ts";

/** Views by name. A fixture is the good set with one view changed, so that exactly one thing is wrong. */
export type Views = Readonly<Record<string, string>>;
export type GateFixtures = {
  readonly ruleset: string;
  /** Views that rules name as other datasets. */
  readonly sources: readonly string[];
  readonly good: Views;
  /** Rule id → one or more sets of views that must fail it. */
  readonly bad: Readonly<Record<string, readonly Views[]>>;
};

const tick = "timestamp_ntz'2026-11-20 10:00:00'";
/** One row in ten. */
const many = "id % 10 = 0";
const when = (condition: string, then: string, otherwise: string): string => `if(${condition}, ${then}, ${otherwise})`;

const bronzeColumns: Columns = {
  event_id: "concat('e', id)",
  kafka_topic: "'raw-events'",
  kafka_partition: "0",
  kafka_offset: "id",
  raw_event: `concat('{"meta":{"id":"e', id, '"},"title":"A \\\\"page\\\\""}')`,
  event_timestamp: tick,
  event_date: "'2026-11-20'",
  event_hour: "10",
  user: "'Ada'",
  title: "'A \"page\"'",
  wiki: "'enwiki'",
  domain: "'en.wikipedia.org'",
  server_name: "'en.wikipedia.org'",
  event_type: "'edit'",
  namespace: "0",
  comment: "'because'",
  ingest_lag_ms: "2000L",
  bronze_processed_at: `${tick} + interval 2 seconds`,
  schema_uri: "'/mediawiki/recentchange/1.0.0'",
};
const bronze = (changes: Columns = {}, from = "range(100)"): string => select({ ...bronzeColumns, ...changes }, from);
const ctx = (changes: Columns = {}, from = "range(1)"): string =>
  select(
    {
      run_at: `${tick} + interval 1 minute`,
      min_event_at: "timestamp_ntz'2022-01-01'",
      dead_share: "0.001D",
      volume_z: "0.0D",
      volume_ratio: "1.0D",
      ...changes,
    },
    from,
  );
const nulled = (name: string, rows: string): Views => ({
  primary: bronze({ [name]: when(rows, "null", bronzeColumns[name] ?? "null") }),
});

const bronzeComplete = [
  "event_id",
  "kafka_topic",
  "kafka_partition",
  "kafka_offset",
  "raw_event",
  "event_timestamp",
  "event_date",
  "event_hour",
];
const bronzeOptional = ["user", "title", "wiki", "domain", "server_name", "event_type", "namespace", "comment"];

export const bronzeGate: GateFixtures = {
  ruleset: "dq/bronze/checks.dqdl",
  sources: [],
  good: {
    primary: bronze(),
    ctx: ctx(),
    bronze_days: "select kafka_topic, kafka_partition, kafka_offset, event_id from primary",
    offsets: "select 'raw-events' as topic, 0 as partition, 0L as missing, 0L as expected_first",
    null_drift: "select 'user' as column_name, 0.01D as rate, 0.02D as baseline",
  },
  bad: {
    "B-01": [{ primary: bronze({}, "range(0)") }],
    ...Object.fromEntries(bronzeComplete.map((name) => [`B-02.${name}`, [nulled(name, some)]])),
    ...Object.fromEntries(bronzeOptional.map((name) => [`B-03.${name}`, [nulled(name, many)]])),
    "B-04": [
      {
        bronze_days:
          "select kafka_topic, kafka_partition, kafka_offset, event_id from primary union all select 'raw-events', 0, 5L, 'e5'",
      },
    ],
    "B-05": [{ primary: bronze({ event_id: "concat('e', id % 90)" }) }],
    "B-06": [
      { primary: bronze({ ingest_lag_ms: when(many, "180001L", "2000L") }) },
      { primary: bronze({ ingest_lag_ms: when(many, "-5001L", "2000L") }) },
    ],
    "B-07": [{ ctx: ctx({ run_at: `${tick} + interval 301 seconds` }) }, { ctx: ctx({}, "range(0)") }],
    "B-08": [{ primary: bronze({ event_type: when(some, "'brand-new'", "'edit'") }) }],
    "B-09": [{ primary: bronze({ event_timestamp: when(some, `${tick} + interval 11 minutes`, tick) }) }],
    "B-10": [
      { offsets: "select 'raw-events' as topic, 0 as partition, 1L as missing, 0L as expected_first" },
      { offsets: "select 'raw-events' as topic, 0 as partition, -1L as missing, 0L as expected_first" },
      { offsets: "select 'raw-events' as topic, 0 as partition, 0L as missing, 0L as expected_first where false" },
    ],
    "B-11.warn": [{ primary: bronze({ title: when(some, "'Another'", bronzeColumns["title"] ?? "") }) }],
    "B-11.fail": [
      { primary: bronze({ event_id: when(some, "'another'", "concat('e', id)") }) },
      { primary: bronze({ event_hour: when(some, "11", "10") }) },
      { primary: bronze({ event_date: when(some, "'2026-11-21'", "'2026-11-20'") }) },
      { primary: bronze({ raw_event: when(some, "'{'", bronzeColumns["raw_event"] ?? "") }) },
    ],
    "B-12.warn": [{ ctx: ctx({ dead_share: "0.011D" }) }],
    "B-12.fail": [{ ctx: ctx({ dead_share: "0.051D" }) }, { ctx: ctx({}, "range(0)") }],
    "B-13": [{ primary: bronze({ domain: when(some, "'canary'", "'en.wikipedia.org'") }) }],
    "B-14.z": [{ ctx: ctx({ volume_z: "-6.1D" }) }, { ctx: ctx({}, "range(0)") }],
    "B-14.ratio": [{ ctx: ctx({ volume_ratio: "0.49D" }) }, { ctx: ctx({}, "range(0)") }],
    "B-15": [
      { null_drift: "select 'user' as column_name, 0.08D as rate, 0.02D as baseline" },
      { null_drift: "select 'user' as column_name, 0.02D as rate, 0.02D as baseline where false" },
    ],
    "B-16": [
      {
        primary: bronze({
          schema_uri: when(some, "'/mediawiki/recentchange/2.0.0'", "'/mediawiki/recentchange/1.0.1'"),
        }),
      },
    ],
  },
};

const silverColumns: Columns = {
  event_id: "concat('e', id)",
  event_type: "'edit'",
  domain: "'en.wikipedia.org'",
  wiki: "'enwiki'",
  region: "'americas'",
  language: "'en'",
  project: "'wikipedia'",
  user_kind: "'registered'",
  namespace: "0",
  event_timestamp: tick,
  revision_new: "id",
  length_old: "100",
  length_new: "150",
  length_delta: "50",
  bytes_changed: "50",
  in_scope: "true",
  is_bot: "false",
  is_anonymous: "id % 10 = 0",
  processing_lag_s: "2L",
  source_kind: "'live'",
  bronze_processed_at: `${tick} + interval 2 seconds`,
  silver_processed_at: `${tick} + interval 1 minute`,
};
const silver = (changes: Columns = {}, from = "range(100)"): string => select({ ...silverColumns, ...changes }, from);
const accounting = (bronzeRows: number, silverRows: number, duplicates: number, quarantined: number): Views => ({
  accounting: `select ${bronzeRows}L as bronze_rows, ${silverRows}L as silver_rows, ${duplicates}L as duplicate_rows, ${quarantined}L as quarantined_rows`,
});
const silverComplete = [
  "event_type",
  "domain",
  "wiki",
  "region",
  "language",
  "project",
  "user_kind",
  "event_timestamp",
];
const changedSilver = (name: string, rows: string, value: string): Views => ({
  primary: silver({ [name]: when(rows, value, silverColumns[name] ?? "null") }),
});

export const silverGate: GateFixtures = {
  ruleset: "silver/cleaned_events/checks.dqdl",
  sources: [],
  good: {
    primary: silver(),
    ctx: ctx(),
    ...accounting(110, 100, 7, 3),
    neighbours: "select event_id from primary",
    branch_run: "select event_id from primary",
    bronze: "select event_id from primary",
    drift: "select '*' as metric, 0.0D as psi, 0.0D as z",
  },
  bad: {
    "S-01": [{ primary: silver({}, "range(0)") }],
    "S-02": [
      accounting(110, 99, 7, 3),
      accounting(110, 101, 7, 3),
      {
        accounting:
          "select 1L as bronze_rows, 1L as silver_rows, 0L as duplicate_rows, 0L as quarantined_rows where false",
      },
    ],
    "S-02.quarantine": [accounting(2000, 1899, 0, 101)],
    "S-03": [changedSilver("event_id", some, "'e8'"), changedSilver("event_id", some, "null")],
    "S-04": [{ neighbours: "select event_id from primary union all select 'e5'" }],
    ...Object.fromEntries(silverComplete.map((name) => [`S-05.${name}`, [changedSilver(name, some, "null")]])),
    "S-06.revision_new": [changedSilver("revision_new", some, "null")],
    "S-06.length_new": [changedSilver("length_new", some, "null")],
    "S-07": [
      changedSilver("length_delta", some, "49"),
      changedSilver("bytes_changed", some, "-50"),
      changedSilver("length_delta", some, "null"),
    ],
    "S-08": [
      { primary: silver({ is_anonymous: "false" }, "range(1000)") },
      { primary: silver({ is_anonymous: "id % 10 < 7" }, "range(1000)") },
    ],
    "S-09.region": [changedSilver("region", some, "'antarctica'")],
    "S-09.user_kind": [changedSilver("user_kind", some, "'robot'")],
    "S-09.namespace": [changedSilver("namespace", some, "-3"), changedSilver("namespace", some, "5000")],
    "S-10.region": [changedSilver("region", some, "'other'")],
    "S-10.language": [changedSilver("domain", some, "'de.wikipedia.org'")],
    "S-11": [changedSilver("processing_lag_s", many, "3601L")],
    "S-12": [
      changedSilver("silver_processed_at", some, tick),
      changedSilver("event_timestamp", some, "timestamp_ntz'2021-12-31 23:59:59'"),
    ],
    "S-13": [{ branch_run: "select event_id from primary union all select 'from nowhere'" }],
    "S-15.warn": [{ drift: "select 'type' as metric, 0.51D as psi, 0.0D as z" }],
    "S-15.fail": [
      { drift: "select 'type' as metric, 2.1D as psi, 0.0D as z" },
      { drift: "select 'type' as metric, 0.0D as psi, 0.0D as z where false" },
    ],
  },
};

const revertColumns: Columns = {
  revert_event_id: "concat('e', id)",
  reverting_user: "'Ada'",
  reverted_user: "'Bob'",
  reverting_revision: "id + 100",
  reverted_revision: "id + 99",
  method: "'undo'",
  confidence: "0.97D",
  is_self_revert: "false",
};
const reverts = (changes: Columns = {}): Views => ({ reverts: select({ ...revertColumns, ...changes }, "range(20)") });
const changedReverts = (name: string, value: string): Views =>
  reverts({ [name]: when(some, value, revertColumns[name] ?? "null") });

export const revertsGate: GateFixtures = {
  ruleset: "silver/reverts/checks.dqdl",
  sources: ["reverts"],
  good: { primary: select({ revert_event_id: "concat('e', id)" }, "range(100)"), ...reverts() },
  bad: {
    "S-14": [changedReverts("reverted_revision", "id + 100"), changedReverts("reverted_revision", "null")],
    "S-16": [{ primary: select({ revert_event_id: "concat('e', id)" }, "range(0)") }],
    "S-17": [changedReverts("revert_event_id", "'e1'")],
    "S-18": [changedReverts("revert_event_id", "'from nowhere'")],
    "S-19": [
      changedReverts("method", "'magic'"),
      changedReverts("method", "null"),
      changedReverts("confidence", "1.2D"),
      changedReverts("is_self_revert", "true"),
      changedReverts("reverted_user", "'Ada'"),
    ],
  },
};

const goldColumns: Columns = {
  stat_date: "'2026-11-20'",
  stat_hour: "10",
  domain: "concat('d', id)",
  total_events: "10L",
  total_edits: "8L",
  bot_edits: "3L",
  human_edits: "5L",
  type_edit: "7L",
  type_new: "1L",
  type_categorize: "1L",
  type_log: "1L",
  type_other: "0L",
  unique_users: "4L",
  anonymous_edits: "2L",
  temporary_edits: "1L",
  ip_edits: "1L",
  hour_start: tick,
};
const gold = (changes: Columns = {}, from = "range(100)"): string => select({ ...goldColumns, ...changes }, from);
const changedGold = (name: string, value: string): Views => ({
  primary: gold({ [name]: when(some, value, goldColumns[name] ?? "null") }),
});
const upstream = (silverStatus: string, judged: number): Views => ({
  upstream: `select * from values ('bronze_dq', 'PASSED', 1L, 1L), ('silver_dq', '${silverStatus}', ${judged}L, 2L) as t(gate, status, input_snapshot_id, expected_snapshot_id)`,
});

const recompute = (ours: string, theirs: string, from = "range(20)"): Views => ({
  recompute: `select concat('d', id) as domain, ${ours} as gold_hash, ${theirs} as bronze_hash from ${from}`,
});
const goldDrift = (z: string, from = "range(20)"): Views => ({
  drift: `select concat('d', id) as row_key, 'hourly_events' as metric, 0.0D as psi, if(id = 7, ${z}, 0.1D) as z from ${from}`,
});

export const goldGate: GateFixtures = {
  ruleset: "gold/hourly_stats/checks.dqdl",
  sources: ["silver_hours"],
  good: {
    primary: gold(),
    ...upstream("PASSED", 2),
    silver_hours: "select stat_date, stat_hour, domain, 10L as events from primary",
    gold_check: "select domain as row_key, cast(null as string) as problem from primary",
    ctx: ctx({ run_at: `${tick} + interval 80 minutes` }),
    ...recompute("'abc'", "'abc'"),
    live_check: "select 996L as live_events, 1000L as gold_events union all select 1L, 1L",
    ...goldDrift("-8.0D"),
  },
  bad: {
    "G-01": [
      upstream("FAILED", 2),
      upstream("PASSED", 3),
      {
        upstream: "select 'bronze_dq' as gate, 'PASSED' as status, 1L as input_snapshot_id, 1L as expected_snapshot_id",
      },
    ],
    "G-02": [{ primary: gold({}, "range(0)") }],
    "G-03": [changedGold("total_events", "11L"), { silver_hours: "select 9L as events from range(100)" }],
    "G-04": [changedGold("domain", "'d8'")],
    "G-04.stat_date": [changedGold("stat_date", "null")],
    "G-04.stat_hour": [changedGold("stat_hour", "null")],
    "G-04.domain": [changedGold("domain", "null")],
    "G-05": [
      {
        gold_check: "select domain as row_key, if(domain = 'd3', 'a count is negative', null) as problem from primary",
      },
    ],
    "G-06": [
      changedGold("human_edits", "6L"),
      changedGold("type_new", "2L"),
      changedGold("type_log", "2L"),
      changedGold("unique_users", "11L"),
      changedGold("anonymous_edits", "3L"),
    ],
    "G-09": [
      recompute("'abc'", "if(id = 7, 'abd', 'abc')"),
      recompute("'abc'", "if(id = 7, null, 'abc')"),
      recompute("if(id = 7, null, 'abc')", "'abc'"),
      recompute("'abc'", "'abc'", "range(0)"),
    ],
    "G-10": [
      { silver_hours: "select 'd' as domain, 10L as events from range(99)" },
      { silver_hours: "select 'd' as domain, 10L as events from range(101)" },
    ],
    "G-11": [
      { ctx: ctx({ run_at: `${tick} + interval 4801 seconds` }) },
      { primary: gold({ hour_start: `${tick} - interval 1 second` }) },
      { ctx: ctx({}, "range(0)") },
    ],
    "G-12": [
      { live_check: "select 1006L as live_events, 1000L as gold_events union all select 1L, 1L" },
      { live_check: "select 0L as live_events, 1000L as gold_events" },
      { live_check: "select 1L as live_events, 1L as gold_events where false" },
    ],
    "G-13": [goldDrift("8.1D"), goldDrift("-8.1D"), goldDrift("0.0D", "range(0)")],
  },
};
