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

export const day = "2026-11-20";
/** Clock time on the day of the edits judged, at noon. */
const noon = Date.parse(`${day}T12:00:00.000Z`);

/** `seconds` before noon (after, when negative) as the harness wants it. */
export const before = (seconds: number): string => new Date(noon - seconds * 1000).toISOString().replace("Z", "");
export const minutes = 60;
export const hours = 3600;
export const days = 86_400;

let sequence = 0;
const fresh = (): number => {
  sequence += 1;
  return sequence;
};

/** An edit at noon by a user and on a page of its own, with a summary: nothing speaks against it. */
export function plain(fields: Row = {}): Row {
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

export const created = (user: string, secondsBefore: number, fields: Row = {}): Row =>
  log({
    log_type: "newusers",
    log_action: "create",
    user,
    title: `User:${user}`,
    namespace: 2,
    event_timestamp: before(secondsBefore),
    ...fields,
  });

export const hit = (user: string, secondsBefore: number, actions: string, fields: Row = {}): Row =>
  log({
    log_type: "abusefilter",
    log_action: "hit",
    log_params: JSON.stringify({ action: "edit", filter: "12", actions, log: 1 }),
    user,
    event_timestamp: before(secondsBefore),
    ...fields,
  });

export const warning = (user: string, secondsBefore: number): Row =>
  plain({
    user: "Patroller",
    title: `User talk:${user}`,
    namespace: 3,
    comment: "General note: Nonconstructive editing on [[Example]]",
    event_timestamp: before(secondsBefore),
  });

/** An edit of `user` and somebody's undoing of it, `secondsBefore` noon. */
export function undone(
  user: string,
  secondsBefore: number,
  by: string,
  title = `Undone page ${fresh()}`,
): readonly Row[] {
  const revision = fresh() * 1000;
  // Never the same length twice: damage that restores the damage before it is a revert as well.
  const damaged = 1300 + revision / 1000;
  const at = { title, length_old: 1000, length_new: damaged };
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
      length_old: damaged,
      length_new: 1000,
      comment: `Undid revision ${revision + 1} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`,
      event_timestamp: before(secondsBefore),
      revision_old: revision + 1,
      revision_new: revision + 2,
    }),
  ];
}

/** `count` reverts by one user on the day before, of which others undo the first `lost`. */
export function reverterOfYesterday(user: string, count: number, lost: number): readonly Row[] {
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

export const one = (name: string, fields: Row, expected: RiskCase["expected"], score: number): RiskCase => ({
  name,
  rows: [plain(fields)],
  expected,
  score,
});

/** The edit judged is by `user`, after `rows`. */
export const after = (
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

export const inOneHour = (user: string, wikis: readonly string[], spanSeconds: number): readonly Row[] =>
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
export const onMeasuredWiki = { wiki: "svwiki", domain: "sv.wikipedia.org" };
export const burst = (user: string, count: number): readonly Row[] =>
  Array.from({ length: count }, (_, index) =>
    plain({
      ...onMeasuredWiki,
      user,
      event_timestamp: before(10 * minutes - index),
      length_old: 1000,
      length_new: 1010,
    }),
  );
