import { badUpstream, type Columns, changed, goldCheck, noProblem, rows, upstream } from "./fixture-views.ts";
import type { GateFixtures, Views } from "./gate-fixtures.ts";

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

/** What the gates of edits and of those who made them ask alike. */
const riskGate = (
  table: string,
  columns: Columns,
  twice: string,
  problem: string,
  inconsistent: readonly Views[],
): GateFixtures => ({
  ruleset: `gold/${table}/checks.dqdl`,
  sources: [],
  good: {
    primary: rows(columns),
    ...upstream("PASSED", 2),
    ...noProblem,
    ...risk("70D", "'HIGH'"),
    ...misplaced(0),
  },
  bad: {
    "G-01": badUpstream,
    "G-02": [{ primary: rows(columns, 0) }],
    "G-04": [{ primary: changed(columns, "row_id", twice) }],
    "G-04.row_id": [{ primary: changed(columns, "row_id", "null") }],
    "G-05": [goldCheck(`if(id = 7, '${problem}', null)`)],
    "G-06": inconsistent,
    "G-07": badRisk,
    "G-10": [misplaced(1)],
  },
});

export const editScoresGate = riskGate("edit_scores", scored, "'e8'", "a score is outside its range", [
  { primary: changed(scored, "edit_score", "99D") },
  { primary: changed(scored, "edit_score", "null") },
  { primary: changed(scored, "ev_trusted", "-100") },
]);

const entities: Columns = {
  row_id: "concat('2026-11-20 user v2 u', id)",
  entity_id: "concat('u', id)",
};

export const riskScoresGate = riskGate("risk_scores", entities, "'2026-11-20 user v2 u8'", "a count is negative", [
  // An alert without its level; a trusted user with one; v1 that keeps one back.
  risk("10D", "'LOW'", { alert_triggered: "id = 7" }),
  alarmed({ alert_triggered: "true", is_trusted: "true" }),
  risk("10D", "'LOW'", { is_trusted: "id = 7" }),
  risk("80D", "'HIGH'", { model_version: "'v1'" }),
]);

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
    ...noProblem,
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
