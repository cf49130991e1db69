import { edit } from "./fixtures.ts";
import type { Row } from "./harness/spark-harness.ts";

type Step = { readonly user: string | null; readonly length: number; readonly at: string; readonly fields?: Row };

/** The edits of one page in order, revision ids rising by one. */
function page(title: string, steps: readonly Step[]): readonly Row[] {
  return steps.map(({ user, length, at, fields }, index) =>
    edit({
      title,
      user,
      event_timestamp: at,
      bronze_processed_at: "2026-11-27T00:00:00.000",
      revision_old: 999 + index,
      revision_new: 1000 + index,
      length_old: steps[index - 1]?.length ?? 1000,
      length_new: length,
      ...fields,
    }),
  );
}

const on = (day: number, time: string): string => `2026-11-${day}T${time}.500`;
/** Steps as `day time user length`, with commas between them. */
const steps = (...lines: readonly string[]): readonly Step[] =>
  lines
    .flatMap((line) => line.split(", "))
    .map((step) => {
      const [day = "", time = "", user = "", length = ""] = step.split(" ");
      return { user, length: Number(length), at: on(Number(day), time) };
    });
const none = { length_old: null, length_new: null, revision_old: null, revision_new: null };
const logged = (at: string, fields: Row): Row =>
  edit({ event_type: "log", event_timestamp: at, bronze_processed_at: "2026-11-27T00:00:00.000", ...none, ...fields });
const undid = (revision: number, user: string): string =>
  `Undid revision ${revision} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`;

/** As many pages on which `user` undoes an edit that was never captured; on the first `undone` of them somebody undoes that. */
const patrol = (user: string, pages: number, undone: number): readonly Row[] =>
  Array.from({ length: pages }, (_, n) =>
    page(`${user} ${n}`, [
      {
        user,
        length: 1200 + n,
        at: on(19, `09:00:${String(n).padStart(2, "0")}`),
        fields: { comment: undid(400, "Vandal") },
      },
      ...(n < undone ? [{ user: "Contrary", length: 1000, at: on(19, "09:30:00") }] : []),
    ]),
  ).flat();

const german = { domain: "de.wikipedia.org", wiki: "dewiki" };

/** What arrives first: each block is about one thing. */
export const first: readonly Row[] = [
  // Three reverts by three users within minutes; edits 1, 1, 1 and 2.
  ...page(
    "War",
    steps(
      "20 10:01:00 Ada 1100, 20 10:02:00 Eve 1300, 20 10:03:00 Bob 1100, 20 10:04:00 Eve 1300",
      "20 10:05:00 Cyd 1100",
    ),
  ),
  // Three reverts, all by one.
  ...page(
    "One against all",
    steps(
      "20 10:01:00 Bob 1100, 20 10:02:00 Ann 1300, 20 10:03:00 Bob 1100, 20 10:04:00 Ben 1400",
      "20 10:05:00 Bob 1100, 20 10:06:00 Cat 1500, 20 10:07:00 Bob 1100",
    ),
  ),
  // Two reverts, one hour; the third a day later. The window that ends at 10:00 still sees them, the next does not.
  ...page(
    "Slow war",
    steps(
      "20 10:00:10 Ada 1100, 20 10:00:20 Eve 1300, 20 10:00:30 Bob 1100, 20 10:00:40 Eve 1310",
      "20 10:00:50 Cyd 1100, 21 09:50:10 Eve 1320, 21 09:50:20 Dan 1100, 21 09:50:30 Eve 1330",
      "21 10:01:10 Eve 1340, 21 10:01:20 Eve 1350, 21 10:01:30 Eve 1360",
    ),
  ),
  // Two reverts; a third will arrive late.
  ...page(
    "Undecided",
    steps(
      "20 10:01:00 Ada 1100, 20 10:02:00 Eve 1300, 20 10:03:00 Bob 1100, 20 10:04:00 Eve 1310",
      "20 10:05:00 Cyd 1100, 20 10:06:00 Fay 1500",
    ),
  ),
  ...["11:01", "11:02", "11:03"].map((time, n) =>
    edit({
      ...plain("Undecided", "Gus", on(20, `${time}:00`)),
      revision_old: 2000 + n,
      revision_new: 2001 + n,
      length_new: 7000 + n * n,
    }),
  ),
  ...["10:21", "10:22", "10:23"].map((time, n) =>
    edit({
      ...plain("Undecided", "Gus", on(21, `${time}:00`)),
      revision_old: 3000 + n,
      revision_new: 3001 + n,
      length_new: 8000 + n * n,
    }),
  ),
  // A length that comes back, until an edit between turns out to have had it.
  ...page("Seeming revert", [
    { user: "Ada", length: 1100, at: on(20, "12:00:00") },
    { user: "Eve", length: 1300, at: on(20, "12:10:00") },
    {
      user: "Bob",
      length: 1100,
      at: on(20, "12:30:00"),
      fields: { revision_old: 1002, revision_new: 1003, length_old: 1100 },
    },
  ]),
  // Watched: one edit is enough. Another page: two are not.
  edit(plain("Main Page", "Zed", on(20, "10:33:00"))),
  edit(plain("Quiet", "Zed", on(20, "10:34:00"))),
  edit({ ...plain("Quiet", "Zed", on(20, "10:35:00")), revision_old: 5, revision_new: 6 }),
  // Roles.
  logged(on(16, "10:45:00"), { user: "Newest", log_type: "newusers", log_action: "create", title: "User:Newest" }),
  logged(on(16, "10:35:00"), { user: "Older", log_type: "newusers", log_action: "create", title: "User:Older" }),
  logged(on(20, "10:30:00"), {
    user: "Zed",
    log_type: "newusers",
    log_action: "create2",
    title: "Benutzer:Made_by_another",
  }),
  ...["Newest", "Older", "Made by another", "~2026-1-2", "192.0.2.7", "ClueBot NG"].map((user) =>
    edit(plain(`Of ${user}`, user, on(20, "10:31:00"))),
  ),
  edit({ ...plain("Of a bot", "Robot", on(20, "10:31:00")), is_bot: true }),
  ...patrol("Patrol", 20, 0),
  ...patrol("Disputed", 21, 2),
  ...patrol("Beginner", 19, 0),
  ...["Patrol", "Disputed", "Beginner"].map((user) => edit(plain(`After ${user}`, user, on(20, "10:31:00")))),
  // A week later the reverts no longer count.
  edit(plain("Long after", "Patrol", on(26, "09:05:00"))),
  // One user on two wikis, and the counters of logs, on another wiki.
  ...[1, 2, 3, 4, 10].map((lag) =>
    edit({
      ...plain(`Lag ${lag}`, "Uwe", on(20, "12:01:00")),
      ...german,
      bronze_processed_at: `2026-11-20T12:01:${String(lag).padStart(2, "0")}.500`,
      namespace: lag % 2,
    }),
  ),
  edit(plain("Here too", "Uwe", on(20, "12:02:00"))),
  ...["block", "block", "delete", "protect", "newusers", "move"].map((log_type) =>
    logged(on(20, "12:31:00"), { ...german, user: "Admin", log_type, title: "Something" }),
  ),
  logged(on(20, "12:32:00"), {
    ...german,
    user: "Uwe",
    log_type: "abusefilter",
    title: "Something",
    log_params: '{"filter":"7","actions":"tag"}',
  }),
  // Hidden users are counted, and are nobody.
  edit({ ...plain("Hidden", null, on(20, "13:01:00")), is_minor: true }),
  edit({ ...plain("Hidden", null, on(20, "13:02:00")), revision_old: 5, revision_new: 6 }),
  edit({ ...plain("Hidden", "Zed", on(20, "13:03:00")), revision_old: 6, revision_new: 7, length_new: 950 }),
  // The newest of all.
  edit(plain("Last", "Zed", on(26, "14:31:00"))),
];

/** What arrives later: two reverts, an edit from between, and one to end the last window. */
export const second: readonly Row[] = [
  ...page("Undecided", [
    ...Array.from({ length: 6 }, () => ({ user: "", length: 1500, at: "" })),
    { user: "Dan", length: 1100, at: on(20, "10:07:00") },
  ]).slice(6),
  edit({
    ...plain("Seeming revert", "Eve", on(20, "12:20:00")),
    revision_old: 1001,
    revision_new: 1002,
    length_old: 1300,
    length_new: 1100,
  }),
  edit(plain("Next", "Zed", on(26, "14:41:00"))),
];

export function plain(title: string, user: string | null, at: string): Row {
  return {
    title,
    user,
    event_timestamp: at,
    bronze_processed_at: "2026-11-27T00:00:00.000",
    revision_old: 1,
    revision_new: 2,
    length_old: 1000,
    length_new: 1100,
  };
}

/** Edits of one user on one page, within the ten minutes from 10:00. */
export const busy = (day: number, edits: number): readonly Row[] =>
  Array.from({ length: edits }, (_, n) =>
    edit({
      ...plain("Busy", "Ada", `2026-11-${day}T10:0${Math.floor(n / 6)}:${n % 6}0.000`),
      revision_old: day * 1000 + n,
      revision_new: day * 1000 + n + 1,
      length_new: 1000 + day * 100 + n,
    }),
  );

/** A row of wiki_baselines as SQL. */
export const baseline = (
  day: number,
  wiki: string,
  metric: string,
  hour: number,
  median: number,
  mad: number,
): string =>
  `('2026-11-${day}', '${wiki}', '${metric}', ${hour}, 100L, ${median}D, ${mad}D, 1D, 1D, 1D, timestamp_ntz'2026-11-21 00:20:00', '1.0.0')`;
