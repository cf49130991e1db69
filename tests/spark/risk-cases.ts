import { edit } from "./fixtures.ts";
import type { Row } from "./harness/spark-harness.ts";

/** A case: what happened around an edit, and which evidence the edit must then have. The last row is the edit judged. */
export type RiskCase = {
  readonly name: string;
  readonly rows: readonly Row[];
  /** Evidence field without `ev_` → points. What is not named must be 0. */
  readonly expected: Readonly<Record<string, number>>;
  readonly score: number;
};

const day = "2026-11-20";
/** Clock time on the day of the edits judged, at noon. */
const noon = Date.parse(`${day}T12:00:00.000Z`);

/** `seconds` before noon (after, when negative) as the harness wants it. */
export const before = (seconds: number): string => new Date(noon - seconds * 1000).toISOString().replace("Z", "");
const minutes = 60;
const hours = 3600;
const days = 86_400;

let sequence = 0;
const fresh = (): number => {
  sequence += 1;
  return sequence;
};

/** An edit at noon by a user and on a page of its own, with a summary: nothing speaks against it. */
function plain(fields: Row = {}): Row {
  const number = fresh();
  return edit({
    event_timestamp: before(0),
    bronze_processed_at: "2026-11-20T23:00:00.000",
    user: `Editor ${number}`,
    title: `Page ${number}`,
    revision_old: number * 1000,
    revision_new: number * 1000 + 1,
    ...fields,
  });
}

const log = (fields: Row): Row =>
  plain({ event_type: "log", length_old: null, length_new: null, revision_old: null, revision_new: null, ...fields });

const created = (user: string, secondsBefore: number, fields: Row = {}): Row =>
  log({
    log_type: "newusers",
    log_action: "create",
    user,
    title: `User:${user}`,
    namespace: 2,
    event_timestamp: before(secondsBefore),
    ...fields,
  });

const hit = (user: string, secondsBefore: number, actions: string, fields: Row = {}): Row =>
  log({
    log_type: "abusefilter",
    log_action: "hit",
    log_params: JSON.stringify({ action: "edit", filter: "12", actions, log: 1 }),
    user,
    event_timestamp: before(secondsBefore),
    ...fields,
  });

const warning = (user: string, secondsBefore: number): Row =>
  plain({
    user: "Patroller",
    title: `User talk:${user}`,
    namespace: 3,
    comment: "General note: Nonconstructive editing on [[Example]]",
    event_timestamp: before(secondsBefore),
  });

/** An edit of `user` and somebody's undoing of it, `secondsBefore` noon. */
function undone(user: string, secondsBefore: number, by: string, title = `Undone page ${fresh()}`): readonly Row[] {
  const revision = fresh() * 1000;
  const at = { title, length_old: 1000, length_new: 1300 };
  return [
    plain({
      ...at,
      user,
      event_timestamp: before(secondsBefore + 30),
      revision_old: revision,
      revision_new: revision + 1,
    }),
    plain({
      title,
      user: by,
      length_old: 1300,
      length_new: 1000,
      comment: `Undid revision ${revision + 1} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`,
      event_timestamp: before(secondsBefore),
      revision_old: revision + 1,
      revision_new: revision + 2,
    }),
  ];
}

/** `count` reverts by one user on the day before, of which others undo the first `lost`. */
function reverterOfYesterday(user: string, count: number, lost: number): readonly Row[] {
  return Array.from({ length: count }, (_, index) => {
    const title = `Guarded ${user} ${index}`;
    const [damage, repair] = undone("Passer-by", 26 * hours, user, title);
    if (index >= lost) return [damage ?? {}, repair ?? {}];
    const revision = Number(repair?.["revision_new"]);
    const comment = `Undid revision ${revision} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`;
    const again = { title, length_old: 1000, length_new: 1300, revision_old: revision, revision_new: revision + 1 };
    return [
      damage ?? {},
      repair ?? {},
      plain({ ...again, user: `Opponent ${index}`, comment, event_timestamp: before(26 * hours - 60) }),
    ];
  }).flat();
}

const one = (name: string, fields: Row, expected: RiskCase["expected"], score: number): RiskCase => ({
  name,
  rows: [plain(fields)],
  expected,
  score,
});

/** The edit judged is by `user`, after `rows`. */
const after = (
  name: string,
  user: string,
  rows: readonly Row[],
  expected: RiskCase["expected"],
  score: number,
  fields: Row = {},
): RiskCase => ({
  name,
  rows: [...rows, plain({ user, ...fields })],
  expected,
  score,
});

const inOneHour = (user: string, wikis: readonly string[], spanSeconds: number): readonly Row[] =>
  wikis.map((language, index) =>
    plain({
      user,
      wiki: `${language}wiki`,
      domain: `${language}.wikipedia.org`,
      event_timestamp: before(spanSeconds - index),
    }),
  );

/** Baselines of the day before: on a wiki of its own, so that the other cases have none. */
export const baselineRows: readonly (readonly [
  wiki: string,
  metric: string,
  median: number,
  mad: number,
  p999: number,
])[] = [
  ["svwiki", "length_delta_registered", 10, 20, 9000],
  ["svwiki", "length_delta_unregistered", 10, 100, 9000],
  ["svwiki", "user_edits_10min_registered", 1, 0, 7],
  ["svwiki", "user_edits_10min_unregistered", 1, 0, 8],
];
const onMeasuredWiki = { wiki: "svwiki", domain: "sv.wikipedia.org" };
const burst = (user: string, count: number): readonly Row[] =>
  Array.from({ length: count }, (_, index) =>
    plain({
      ...onMeasuredWiki,
      user,
      event_timestamp: before(10 * minutes - index),
      length_old: 1000,
      length_new: 1010,
    }),
  );

export const riskCases: readonly RiskCase[] = [
  one("a registered edit with a summary", {}, {}, 0),

  one("a page of 5,000 bytes emptied", { length_old: 5000, length_new: 100 }, { blanking: 35 }, 35),
  one("nine tenths of 500 bytes gone", { length_old: 500, length_new: 50 }, { blanking: 35 }, 35),
  one("a byte less than nine tenths gone", { length_old: 500, length_new: 51 }, { removed_share: 20 }, 20),
  one("a page of 499 bytes emptied", { length_old: 499, length_new: 0 }, {}, 0),
  one("half a page removed", { length_old: 1000, length_new: 500 }, { removed_share: 20 }, 20),
  one("a byte less than half removed", { length_old: 1000, length_new: 501 }, {}, 0),
  {
    name: "an undoing that empties the page",
    rows: [
      plain({
        title: "Flooded",
        length_old: 100,
        length_new: 5000,
        revision_old: 1,
        revision_new: 2,
        event_timestamp: before(600),
      }),
      plain({ title: "Flooded", length_old: 5000, length_new: 100, revision_old: 2, revision_new: 3 }),
    ],
    expected: { revert_role: -40 },
    score: 0,
  },
  {
    name: "an undoing of one's own that empties the page",
    rows: [
      plain({
        user: "Ada",
        title: "Tried",
        length_old: 100,
        length_new: 5000,
        revision_old: 1,
        revision_new: 2,
        event_timestamp: before(600),
      }),
      plain({
        user: "Ada",
        title: "Tried",
        length_old: 5000,
        length_new: 100,
        revision_old: 2,
        revision_new: 3,
        comment: "Undid revision 2 by [[Special:Contributions/Ada|Ada]] ([[User talk:Ada|talk]])",
      }),
    ],
    expected: {},
    score: 0,
  },

  one("an address", { user: "192.0.2.55" }, { unregistered: 15 }, 15),
  one("a temporary account", { user: "~2026-55555-5" }, { unregistered: 15 }, 15),
  one(
    "a temporary account without a summary",
    { user: "~2026-55555-6", comment: "" },
    { unregistered: 15, no_summary: 10 },
    25,
  ),
  one(
    "an address and a section",
    { user: "192.0.2.56", comment: "/* History */" },
    { unregistered: 15, no_summary: 10 },
    25,
  ),
  one("no summary, registered", { comment: "" }, { no_summary: 5 }, 5),
  one("a hidden user", { user: null }, {}, 0),

  after("an account of almost four days", "Newcomer A", [created("Newcomer A", 4 * days - 1)], { new_account: 10 }, 10),
  after("an account of four days", "Newcomer B", [created("Newcomer B", 4 * days)], {}, 0),
  after(
    "an account made by somebody else",
    "Newcomer C",
    [created("Newcomer C", days, { user: "Teacher", log_action: "create2" })],
    { new_account: 10 },
    10,
  ),
  after(
    "an old account on a further wiki",
    "Traveller",
    [created("Traveller", days, { log_action: "autocreate" })],
    {},
    0,
  ),

  one(
    "a new article of 149 bytes",
    { event_type: "new", length_new: 149, revision_old: null },
    { tiny_new_page: 15 },
    15,
  ),
  one("a new article of 150 bytes", { event_type: "new", length_new: 150, revision_old: null }, {}, 0),
  one(
    "a short new page that is no article",
    { event_type: "new", namespace: 2, length_new: 20, revision_old: null },
    {},
    0,
  ),
  one(
    "a redirect",
    { event_type: "new", length_new: 30, revision_old: null, comment: "Redirected page to [[Example]]" },
    {},
    0,
  ),

  after(
    "a filter that stops, 30 minutes before",
    "Hit A",
    [hit("Hit A", 30 * minutes, "disallow")],
    { filter_hit: 35 },
    35,
  ),
  after("a filter that stops, a second earlier", "Hit B", [hit("Hit B", 30 * minutes + 1, "disallow")], {}, 0),
  after("a filter that warns, 5 minutes after", "Hit C", [hit("Hit C", -5 * minutes, "warn")], { filter_hit: 20 }, 20),
  after("a filter that warns, a second later", "Hit D", [hit("Hit D", -5 * minutes - 1, "warn")], {}, 0),
  after("a filter that notes", "Hit E", [hit("Hit E", 60, "tag")], { filter_hit: 10 }, 10),
  after(
    "the strongest of three filters",
    "Hit F",
    [hit("Hit F", 90, "tag"), hit("Hit F", 60, "warn,disallow"), hit("Hit F", 30, "warn")],
    { filter_hit: 35 },
    35,
  ),
  after(
    "a filter on another wiki",
    "Hit G",
    [hit("Hit G", 60, "disallow", { wiki: "dewiki", domain: "de.wikipedia.org" })],
    {},
    0,
  ),

  after("one edit reverted in the day before", "Rev A", undone("Rev A", days, "Bob"), { recent_reverted: 10 }, 10),
  after("one edit reverted a second earlier", "Rev B", undone("Rev B", days + 1, "Bob"), {}, 0),
  after(
    "four edits reverted",
    "Rev C",
    [1, 2, 3, 4].flatMap((number) => undone("Rev C", number * hours, "Bob")),
    { recent_reverted: 30 },
    30,
  ),
  after("an edit taken back by its author", "Rev D", undone("Rev D", hours, "Rev D"), {}, 0),

  after("a warning 14 days before", "Warned A", [warning("Warned A", 14 * days)], { talk_warned: 10 }, 10),
  after("a warning a second earlier", "Warned B", [warning("Warned B", 14 * days + 1)], {}, 0),
  after(
    "three warnings",
    "Warned C",
    [3, 2, 1].map((number) => warning("Warned C", number * hours)),
    { talk_warned: 20 },
    20,
  ),
  after("a warning that comes after", "Warned D", [warning("Warned D", -60)], {}, 0),

  after(
    "a page that two users reverted three times",
    "Third",
    [
      ...undone("X", 3 * hours, "Bob", "Contested"),
      ...undone("Y", 2 * hours, "Bob", "Contested"),
      ...undone("Z", hours, "Eve", "Contested"),
    ],
    { page_contested: 10 },
    10,
    { title: "Contested" },
  ),
  after(
    "a page that one user reverted three times",
    "Third A",
    [1, 2, 3].flatMap((number) => undone(`X${number}`, number * hours, "Bob", "Guarded")),
    {},
    0,
    { title: "Guarded" },
  ),
  after(
    "a page that was reverted twice",
    "Third B",
    [...undone("X", 2 * hours, "Bob", "Calm"), ...undone("Y", hours, "Eve", "Calm")],
    {},
    0,
    { title: "Calm" },
  ),

  after(
    "the eighth edit in ten minutes, where seven are rare",
    "Fast A",
    burst("Fast A", 7),
    { burst: 10 },
    10,
    onMeasuredWiki,
  ),
  after("the seventh edit in ten minutes", "Fast B", burst("Fast B", 6), {}, 0, onMeasuredWiki),
  after(
    "the eighth edit of an address, where eight are rare",
    "192.0.2.80",
    burst("192.0.2.80", 7),
    { unregistered: 15 },
    15,
    onMeasuredWiki,
  ),
  after(
    "the eighth edit where nobody has counted",
    "Fast C",
    burst("Fast C", 7).map((row) => ({ ...row, wiki: "enwiki", domain: "en.wikipedia.org" })),
    {},
    0,
  ),

  // (460 - 10) / (1.4826 x 50) = 6.07; a median deviation of 20 counts as 50.
  one("460 bytes more than usual", { ...onMeasuredWiki, length_old: 1000, length_new: 1460 }, { size_outlier: 10 }, 10),
  one("454 bytes more than usual", { ...onMeasuredWiki, length_old: 1000, length_new: 1454 }, {}, 0),
  // (-435 - 10) / 74.13 = -6.003
  one("435 bytes less than usual", { ...onMeasuredWiki, length_old: 1000, length_new: 565 }, { size_outlier: 10 }, 10),
  // (460 - 10) / (1.4826 x 100) = 3.04: the unregistered vary more there.
  one(
    "460 bytes more, by an address",
    { ...onMeasuredWiki, user: "192.0.2.81", length_old: 1000, length_new: 1460 },
    { unregistered: 15 },
    15,
  ),

  after(
    "a third wiki within the hour, unregistered",
    "~2026-77777-1",
    inOneHour("~2026-77777-1", ["fr", "it"], hours),
    { unregistered: 15, multi_wiki: 10 },
    25,
  ),
  after(
    "a third wiki a minute too late",
    "~2026-77777-2",
    inOneHour("~2026-77777-2", ["fr", "it"], hours + 60),
    { unregistered: 15 },
    15,
  ),
  after("a third wiki of an old account", "Polyglot", inOneHour("Polyglot", ["fr", "it"], hours), {}, 0),
  after(
    "a third wiki of a new account",
    "New Polyglot",
    [created("New Polyglot", days), ...inOneHour("New Polyglot", ["fr", "it"], hours)],
    { new_account: 10, multi_wiki: 10 },
    20,
  ),

  one("a shortened link in the summary", { comment: "see bit.ly/3abcd" }, { blacklist: 15 }, 15),
  one("patrolled", { is_patrolled: true, user: "192.0.2.57" }, { unregistered: 15, patrolled: -30 }, 0),
  one("not patrolled", { is_patrolled: false, user: "192.0.2.58" }, { unregistered: 15 }, 15),
  one(
    "20 bytes, minor, no summary",
    { comment: "", is_minor: true, length_old: 1000, length_new: 1020 },
    { no_summary: 5, small_minor: -5 },
    0,
  ),
  one("21 bytes, minor", { comment: "", is_minor: true, length_old: 1000, length_new: 1021 }, { no_summary: 5 }, 5),
  one(
    "20 bytes, minor, unregistered",
    { user: "192.0.2.59", is_minor: true, length_old: 1000, length_new: 1020 },
    { unregistered: 15 },
    15,
  ),

  one(
    "a listed bot without the flag that empties a page",
    { user: "ClueBot NG", comment: "", length_old: 5000, length_new: 100 },
    { blanking: 35, no_summary: 5, trusted: -100 },
    0,
  ),
  after("twenty reverts the day before", "Guard A", reverterOfYesterday("Guard A", 20, 0), { trusted: -100 }, 0),
  after("nineteen reverts the day before", "Guard B", reverterOfYesterday("Guard B", 19, 0), {}, 0),
  after("twenty reverts, one of them undone", "Guard C", reverterOfYesterday("Guard C", 20, 1), {}, 0),
  after(
    "twenty-one reverts, one of them undone",
    "Guard D",
    reverterOfYesterday("Guard D", 21, 1),
    { trusted: -100 },
    0,
  ),
  {
    name: "everything at once is a hundred",
    rows: [
      hit("~2026-99999-9", 60, "disallow"),
      ...[1, 2, 3].flatMap((number) => undone("~2026-99999-9", number * hours, "Bob")),
      plain({ user: "~2026-99999-9", comment: "", length_old: 9000, length_new: 10 }),
    ],
    expected: { blanking: 35, unregistered: 15, no_summary: 10, filter_hit: 35, recent_reverted: 30 },
    score: 100,
  },
];
