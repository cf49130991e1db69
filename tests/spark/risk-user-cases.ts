import { edit } from "./fixtures.ts";
import type { Row } from "./harness/spark-harness.ts";

/** What entities did on a day, and what each model must say of them. */
export type EntityCase = {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly entity: readonly [type: "user" | "page" | "wiki", id: string];
  /** Columns of the model's row; null where there must be none. */
  readonly v1?: Row | null;
  readonly v2?: Row | null;
};

let sequence = 0;
/** An edit with a summary in the hour from eight, a second after the one before it. */
function did(user: string, fields: Row = {}): Row {
  sequence += 1;
  const at = new Date(Date.UTC(2026, 10, 20, 8) + (sequence % 3000) * 1000).toISOString().replace("Z", "");
  return edit({
    event_timestamp: at,
    bronze_processed_at: "2026-11-20T23:00:00.000",
    user,
    title: `Work ${sequence}`,
    revision_old: 5_000_000 + sequence * 10,
    revision_new: 5_000_001 + sequence * 10,
    ...fields,
  });
}
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const times = (count: number, make: (index: number) => Row): readonly Row[] => range(count).map(make);
/** At a second of the hour from eight: what must lie before or after something else. */
const at = (second: number): Row => ({
  event_timestamp: new Date(Date.UTC(2026, 10, 20, 8) + second * 1000).toISOString().replace("Z", ""),
});

const large: Row = { length_old: 20_000, length_new: 14_000 };
const inScope = ["en", "de", "ja", "fr", "zh", "es"];
const on = (language: string): Row => ({ wiki: `${language}wiki`, domain: `${language}.wikipedia.org` });

/** Damage on a page and its undoing, `second` seconds after eight. */
function undone(user: string, by: string, second: number, fields: Row = {}): readonly Row[] {
  sequence += 1;
  const revision = 9_000_000 + sequence * 10;
  const page: Row = { title: `Undone ${sequence}`, ...fields };
  return [
    did(user, {
      comment: "",
      length_old: 5000,
      length_new: 100,
      ...page,
      ...at(second),
      revision_old: revision,
      revision_new: revision + 1,
    }),
    did(by, {
      ...page,
      length_old: page["length_new"] ?? 100,
      length_new: 5000,
      comment: `Undid revision ${revision + 1} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`,
      ...at(second + 20),
      revision_old: revision + 1,
      revision_new: revision + 2,
    }),
  ];
}

const hit = (user: string, actions: string, fields: Row = {}): Row =>
  did(user, {
    event_type: "log",
    length_old: null,
    length_new: null,
    revision_old: null,
    revision_new: null,
    log_type: "abusefilter",
    log_action: "hit",
    log_params: JSON.stringify({ action: "edit", filter: "7", actions, log: 1 }),
    ...fields,
  });

/** Shares of edits that are HIGH, usual on a wiki of its own: none. */
export const shareBaseline = ["nowiki", "high_score_share", 0, 0, 0] as const;
const quiet = on("no");

export const entityCases: readonly EntityCase[] = [
  {
    name: "51 edits in an hour",
    rows: times(51, () => did("Busy A")),
    entity: ["user", "Busy A"],
    v1: {
      total_edits: 51,
      active_hours: 1,
      edits_per_hour_avg: 51,
      risk_score: 40,
      risk_level: "MEDIUM",
      alert_triggered: false,
    },
    v2: { risk_score: 0, risk_level: "LOW", alert_triggered: false, max_edit_score: 0 },
  },
  {
    name: "50 edits in an hour",
    rows: times(50, () => did("Busy B")),
    entity: ["user", "Busy B"],
    v1: { risk_score: 0, risk_level: "LOW" },
  },
  {
    name: "a burst with four large deletions",
    rows: times(51, (index) => did("Busy C", index < 4 ? large : {})),
    entity: ["user", "Busy C"],
    v1: { risk_score: 70, risk_level: "HIGH", alert_triggered: true, large_deletions: 4 },
  },
  {
    name: "a burst with three large deletions",
    rows: times(51, (index) => did("Busy D", index < 3 ? large : {})),
    entity: ["user", "Busy D"],
    v1: { risk_score: 40, alert_triggered: false, large_deletions: 3 },
  },
  {
    name: "a burst on six domains",
    rows: times(51, (index) => did("Busy E", on(inScope[index % 6] ?? "en"))),
    entity: ["user", "Busy E"],
    v1: { risk_score: 50, domains_edited: 6 },
  },
  {
    name: "a burst on five domains",
    rows: times(51, (index) => did("Busy F", on(inScope[index % 5] ?? "en"))),
    entity: ["user", "Busy F"],
    v1: { risk_score: 40, domains_edited: 5 },
  },
  {
    name: "a temporary account without summaries",
    rows: times(10, () => did("~2026-11111-1", { comment: "" })),
    entity: ["user", "~2026-11111-1"],
    v1: { risk_score: 20, anonymous_edits: 10, alert_triggered: false },
    // 0.7 x (15 + 10)
    v2: { risk_score: 17.5, risk_level: "LOW", alert_triggered: false, max_edit_score: 25 },
  },
  {
    name: "edits out of scope",
    rows: [did("Afar", on("sv"))],
    entity: ["user", "Afar"],
    v1: null,
    v2: { total_edits: 1, risk_score: 0 },
  },
  {
    name: "a bot",
    rows: times(60, () => did("HelperBot", { is_bot: true, ...large })),
    entity: ["user", "HelperBot"],
    v1: null,
    v2: null,
  },
  {
    name: "a listed bot without the flag, in a rage",
    rows: [
      ...times(51, () => did("ClueBot NG", { comment: "", length_old: 5000, length_new: 100 })),
      hit("ClueBot NG", "disallow"),
    ],
    entity: ["user", "ClueBot NG"],
    v2: { risk_score: 0, is_trusted: true, alert_triggered: false, filter_hits: 1 },
  },
  {
    name: "an unlisted bot without the flag that undoes damage all day and is undone itself three times",
    rows: [
      ...range(30).flatMap((index) => undone(`~2026-2222${index}-1`, "Sim Guard", 100 + index)),
      ...range(3).flatMap((index) =>
        undone("Sim Guard", `Opponent ${index}`, 1000 + index, { comment: "tidy", length_old: 5000, length_new: 4990 }),
      ),
    ],
    entity: ["user", "Sim Guard"],
    v2: { is_trusted: false, alert_triggered: false, reverted_edits: 3 },
  },
  {
    name: "a page emptied once by a temporary account, and put right",
    rows: undone("~2026-33333-3", "Patroller", 50, { title: "Once" }),
    entity: ["user", "~2026-33333-3"],
    // 0.7 x (35 + 15 + 10) + 10 x 1; a share needs two edits
    v2: { risk_score: 52, risk_level: "MEDIUM", alert_triggered: false, reverted_edits: 1, max_edit_score: 60 },
  },
  {
    name: "three pages emptied, each put right",
    rows: range(3).flatMap((index) => undone("~2026-44444-4", "Patroller", 50 + index * 60)),
    entity: ["user", "~2026-44444-4"],
    // The third edit knows of two reverts: 35 + 15 + 10 + 20 = 80; 0.7 x 80 + 30 + 20 = 106
    v2: { risk_score: 100, risk_level: "HIGH", alert_triggered: true, reverted_edits: 3, max_edit_score: 80 },
  },
  {
    name: "filter hits count to twenty points",
    rows: [
      ...times(2, () => hit("Stubborn", "tag", at(10))),
      hit("Stubborn", "disallow", at(20)),
      did("Stubborn", at(3000)),
    ],
    entity: ["user", "Stubborn"],
    // 10 + 3 + 3; the edit is later than half an hour after them
    v2: { risk_score: 16, filter_hits: 3, max_edit_score: 0 },
  },
  {
    name: "a page that three addresses empty and two users restore",
    rows: [
      ...undone("192.0.2.1", "Ada", 100, { title: "Target" }),
      // Not to the same length: that would undo the repair before.
      ...undone("192.0.2.2", "Bob", 200, { title: "Target", length_new: 99 }),
      ...undone("192.0.2.3", "Ada", 300, { title: "Target", length_new: 98 }),
    ],
    entity: ["page", "enwiki:Target"],
    // 0.5 x 60 + 10 x 2 + 20 + 4 x 3
    v2: {
      risk_score: 82,
      risk_level: "HIGH",
      alert_triggered: true,
      total_edits: 6,
      reverted_edits: 3,
      anonymous_edits: 3,
    },
  },
  {
    name: "a quiet wiki with one edit in twenty that is HIGH",
    rows: [
      hit("192.0.2.9", "disallow", { ...quiet, ...at(1) }),
      did("192.0.2.9", { ...quiet, ...at(2), comment: "", length_old: 5000, length_new: 100 }),
      ...times(19, (index) => did(`Local ${index}`, quiet)),
    ],
    entity: ["wiki", "nowiki"],
    // 0.05 / (1.4826 x 0.005) = 6.75 robust z, 15 points each
    v2: { risk_score: 100, risk_level: "HIGH", alert_triggered: true, total_edits: 20, max_edit_score: 95 },
  },
];
