import type { GateFixtures, Views } from "./gate-fixtures.ts";

type Columns = Readonly<Record<string, string>>;

const rows = (columns: Columns, count = 100): string =>
  `select ${Object.entries(columns)
    .map(([name, expression]) => `${expression} as \`${name}\``)
    .join(", ")} from range(${count})`;

/** One row in a hundred is another one. */
const changed = (columns: Columns, name: string, value: string): string =>
  rows({ ...columns, [name]: `if(id = 7, ${value}, ${columns[name] ?? "null"})` });

const upstream = (inputStatus: string, judged: number): Views => ({
  upstream: `select * from values ('bronze_dq', 'PASSED', 1L, 1L), ('gold_dq', '${inputStatus}', ${judged}L, 2L) as t(gate, status, input_snapshot_id, expected_snapshot_id)`,
});
const badUpstream: readonly Views[] = [
  upstream("FAILED", 2),
  upstream("PASSED", 3),
  { upstream: "select 'bronze_dq' as gate, 'PASSED' as status, 1L as input_snapshot_id, 1L as expected_snapshot_id" },
];
const goldCheck = (problem: string): Views => ({
  gold_check: `select concat('k', id) as row_key, ${problem} as problem from range(100)`,
});

/** Keys of rows that are missing or too many. */
const misplaced = (count: number): Views => ({ misplaced: rows({ row_key: "concat('k', id)" }, count) });

const points: Columns = Object.fromEntries(
  [
    ["blanking", "35"],
    ["removed_share", "0"],
    ["size_outlier", "10"],
    ["unregistered", "15"],
    ["new_account", "0"],
    ["no_summary", "10"],
    ["tiny_new_page", "0"],
    ["filter_hit", "20"],
    ["recent_reverted", "0"],
    ["talk_warned", "10"],
    ["page_contested", "0"],
    ["burst", "0"],
    ["multi_wiki", "0"],
    ["blacklist", "0"],
    ["patrolled", "0"],
    ["revert_role", "0"],
    ["small_minor", "0"],
    ["trusted", "0"],
  ].map(([name, value]) => [`ev_${name}`, value ?? "0"]),
);
const scored: Columns = {
  row_id: "concat('e', id)",
  event_id: "concat('e', id)",
  edit_score: "100D",
  ...points,
};

/** One risk in a hundred is another one. */
const risk = (score: string, level: string, columns: Columns = {}): Views => ({
  risk: rows({
    row_key: "concat('k', id)",
    risk_score: `if(id = 7, ${score}, 10D)`,
    risk_level: `if(id = 7, ${level}, 'LOW')`,
    alert_triggered: "false",
    is_trusted: "false",
    model_version: "'v2'",
    ...columns,
  }),
});
const badRisk: readonly Views[] = [
  risk("69.9D", "'HIGH'"),
  risk("70D", "'MEDIUM'"),
  risk("40D", "'LOW'"),
  risk("39.9D", "'MEDIUM'"),
  risk("null", "'LOW'"),
  risk("10D", "null"),
];
const alarmed = (columns: Columns): Views =>
  risk(
    "80D",
    "'HIGH'",
    Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, `if(id = 7, ${value}, false)`])),
  );

export const editScoresGate: GateFixtures = {
  ruleset: "gold/edit_scores/checks.dqdl",
  sources: [],
  good: {
    primary: rows(scored),
    ...upstream("PASSED", 2),
    ...goldCheck("cast(null as string)"),
    ...risk("70D", "'HIGH'"),
    ...misplaced(0),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": [{ primary: rows(scored, 0) }],
    "G-04": [{ primary: changed(scored, "row_id", "'e8'") }],
    "G-04.row_id": [{ primary: changed(scored, "row_id", "null") }],
    "G-05": [goldCheck("if(id = 7, 'a score is outside its range', null)")],
    "G-06": [
      { primary: changed(scored, "edit_score", "99D") },
      { primary: changed(scored, "edit_score", "null") },
      { primary: changed(scored, "ev_trusted", "-100") },
    ],
    "G-07": badRisk,
    "G-10": [misplaced(1)],
  },
};

const entities: Columns = {
  row_id: "concat('2026-11-20 user v2 u', id)",
  entity_id: "concat('u', id)",
};

export const riskScoresGate: GateFixtures = {
  ruleset: "gold/risk_scores/checks.dqdl",
  sources: [],
  good: {
    primary: rows(entities),
    ...upstream("PASSED", 2),
    ...goldCheck("cast(null as string)"),
    ...risk("70D", "'HIGH'"),
    ...misplaced(0),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": [{ primary: rows(entities, 0) }],
    "G-04": [{ primary: changed(entities, "row_id", "'2026-11-20 user v2 u8'") }],
    "G-04.row_id": [{ primary: changed(entities, "row_id", "null") }],
    "G-05": [goldCheck("if(id = 7, 'a count is negative', null)")],
    "G-06": [
      // An alert without its level; a trusted user with one; v1 that keeps one back.
      risk("10D", "'LOW'", { alert_triggered: "id = 7" }),
      alarmed({ alert_triggered: "true", is_trusted: "true" }),
      risk("10D", "'LOW'", { is_trusted: "id = 7" }),
      risk("80D", "'HIGH'", { model_version: "'v1'" }),
    ],
    "G-07": badRisk,
    "G-10": [misplaced(1)],
  },
};

const quality: Columns = {
  row_id: "concat('2026-11-20 w', id, ' v2 edit 10')",
  stat_date: "'2026-11-20'",
  wiki: "concat('w', id)",
};
const judged = (isJudged: string, thresholds: string): Views => ({
  judged: rows({
    row_key: "concat('k', id)",
    is_judged: `if(id = 7, ${isJudged}, true)`,
    thresholds: `if(id = 7, ${thresholds}, 9L)`,
  }),
});
const steps = (flagged: string): Views => ({
  steps: rows({
    row_key: "concat('k', id)",
    flagged: `if(id = 7, ${flagged}, 3L)`,
    flagged_below: "if(id = 0, null, 3L)",
  }),
});

export const modelQualityGate: GateFixtures = {
  ruleset: "gold/model_quality/checks.dqdl",
  sources: [],
  good: {
    primary: rows(quality),
    ...upstream("PASSED", 2),
    ...goldCheck("cast(null as string)"),
    ...judged("true", "9L"),
    ...steps("3L"),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": [{ primary: rows(quality, 0) }],
    "G-04": [{ primary: changed(quality, "row_id", "'2026-11-20 w8 v2 edit 10'") }],
    "G-05": [goldCheck("if(id = 7, 'a part is more than the whole', null)")],
    "G-06": [steps("4L")],
    "G-10": [judged("true", "8L"), judged("true", "10L"), judged("false", "9L"), judged("true", "0L")],
  },
};
