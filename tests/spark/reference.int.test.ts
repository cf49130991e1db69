import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { parse } from "yaml";
import { type RevertPattern, ruleSchemas, type WarningPattern } from "../../schemas/rules/rule-schemas.ts";
import { coreFlags } from "./core-tables.ts";
import { edit, onPartition } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

const rules = (name: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, `../../schemas/rules/${name}.yml`), "utf8"));
const reverts = ruleSchemas["revert-patterns"].parse(rules("revert-patterns")).patterns;
const warnings = ruleSchemas["warning-patterns"].parse(rules("warning-patterns")).patterns;

/** A wiki of the pattern's language; for those tried everywhere one whose language has none of its own. */
const at = (language: string): Row => {
  const code = language === "*" ? "simple" : language;
  return { domain: `${code}.wikipedia.org`, wiki: `${code}wiki` };
};
const summary = (pattern: RevertPattern | WarningPattern, kind: "example" | "counterexample"): Row => ({
  ...at(pattern.language),
  comment: pattern[kind],
});

/** What the row looks like → what silver says of it. */
const users: readonly (readonly [string | null, Row])[] = [
  ["ClueBot NG", { is_known_bot: true, is_trusted: true, is_bot: false }],
  ["AAlertBot", { is_known_bot: true, is_trusted: true }],
  ["PatruBOT", { is_known_bot: true, is_trusted: true }],
  ["Salebot", { is_known_bot: true, is_trusted: true }],
  ["XLinkBot", { is_known_bot: true, is_trusted: true }],
  ["ClueBot_NG", { is_known_bot: true, is_trusted: true }],
  ["ClueBot NG impostor", { is_known_bot: false, is_trusted: false }],
  ["~2026-1-2", { is_known_bot: false, is_trusted: false, user_kind: "temporary" }],
  [null, { is_known_bot: false, is_trusted: false, user_kind: "hidden" }],
];

const pages: readonly (readonly [Row, string | null])[] = [
  [{ title: "Main Page" }, "main-page-en"],
  [{ title: "Main_Page" }, "main-page-en"],
  [{ title: "Main Page", namespace: 1 }, null],
  [{ title: "Main Page", ...at("de") }, null],
  [{ title: "Wikipedia:Hauptseite", namespace: 4, ...at("de") }, "main-page-de"],
  [{ title: "2026 Ruritanian election" }, "election-pages-en"],
  [{ title: "Deaths in 2026" }, "deaths-en"],
  [{ title: "List of deaths in 2026" }, null],
];

const terms: readonly (readonly [Row, string | null])[] = [
  [{ comment: "see bit.ly/abcd12" }, "short-link"],
  [{ comment: "see BIT.LY/abcd12" }, null],
  [{ comment: "best ONLINE casino, bit.ly/abcd12" }, "short-link,casino"],
  [{ comment: "best ｏｎｌｉｎｅ ｃａｓｉｎｏ" }, "casino"],
  [{ comment: "online casinos" }, null],
  [{ title: "Online casino" }, "casino"],
  [{ user: "WWW.example.com" }, "web-address-as-user"],
  [{ comment: "hahaHAHA" }, "shouted-laughter"],
  [{ comment: null, user: null }, null],
];

const named: readonly (readonly [string, Row])[] = [
  ["Undid revision 12 by [[Special:Contributions/2001:db8::7|2001:db8::7]]", { reverted_user_hint: "2001:DB8::7" }],
  ["Undid revision 12 by [[Special:Contributions/Two_Words|Two Words]]", { reverted_user_hint: "Two Words" }],
  ["Undid revision 12", { revert_method: "undo", reverted_revision_hint: 12, reverted_user_hint: null }],
  ["Undid revision 999999999999999", { reverted_revision_hint: 999_999_999_999_999 }],
];

const talk = { namespace: 3, comment: "Warning: Vandalism on [[Example]]." };
const blanked = { length_old: 1000, length_new: 0 };
const talks: readonly (readonly [Row, string | null])[] = [
  [{ ...talk, title: "User talk:Somebody" }, "Somebody"],
  [{ ...talk, title: "User talk:Some_body/Archive 1" }, "Some body"],
  [{ ...talk, title: "User talk:2001:DB8::7" }, "2001:DB8::7"],
  [{ ...talk, title: "User talk:~2026-1-2" }, "~2026-1-2"],
  [{ ...talk, title: "User talk:Blanker", ...blanked }, null],
  [{ ...talk, title: "Talk:Somebody", namespace: 1 }, null],
  [{ ...talk, title: "User talk:Friend", comment: "Welcome!" }, null],
];

let spark: SparkHarness;
const ids = new Map<string, string>();
/** Rows of a group, each found again by group and position. */
const group = (name: string, rows: readonly Row[]): readonly Row[] =>
  rows.map((fields, index) => {
    const row = edit(fields);
    ids.set(`${name} ${index}`, String(row["event_id"]));
    return row;
  });

let found: ReadonlyMap<string, Row>;
const of = (name: string, index: number): Row => found.get(ids.get(`${name} ${index}`) ?? "") ?? {};

beforeAll(async () => {
  spark = await startSparkHarness();
  await spark.createLake("ref");
  const wikis = (patterns: readonly WarningPattern[], kind: "example" | "counterexample"): readonly Row[] =>
    patterns.map((one) => ({ ...summary(one, kind), namespace: 3, title: "User talk:Example" }));
  const rows = [
    ...group(
      "revert",
      reverts.map((one) => summary(one, "example")),
    ),
    ...group(
      "no revert",
      reverts.map((one) => summary(one, "counterexample")),
    ),
    ...group("warning", wikis(warnings, "example")),
    ...group("no warning", wikis(warnings, "counterexample")),
    ...group(
      "user",
      users.map(([user]) => ({ user })),
    ),
    ...group(
      "page",
      pages.map(([fields]) => fields),
    ),
    ...group(
      "term",
      terms.map(([fields]) => fields),
    ),
    ...group(
      "named",
      named.map(([comment]) => ({ comment })),
    ),
    ...group(
      "talk",
      talks.map(([fields]) => fields),
    ),
  ];
  await spark.appendBronze("ref", onPartition(rows));
  expect(await spark.run({ prefix: "ref", runId: "ref-1", flags: coreFlags })).toEqual({ exit: 0 });
  const stored = await spark.sql("select * from lake.ref_silver.cleaned_events");
  found = new Map(stored.map((row) => [String(row["event_id"]), row]));
});
afterAll(() => spark?.close());

describe("summaries, by the patterns of each language", () => {
  test.each(reverts.map((one, index) => [one.id, one, index] as const))("%s: an edit that undoes", (_, one, index) => {
    expect(of("revert", index)).toMatchObject({
      revert_method: one.method,
      reverted_revision_hint: one.revision_is ?? null,
      reverted_user_hint: one.user_is ?? null,
    });
  });

  test.each(reverts.map((one, index) => [one.id, index] as const))("%s: an edit that does not", (_, index) => {
    expect(of("no revert", index)).toMatchObject({ revert_method: null, reverted_user_hint: null });
  });

  test.each(warnings.map((one, index) => [one.id, index] as const))("%s: a warning, and none", (_, index) => {
    expect(of("warning", index)).toMatchObject({ is_talk_warning: true, warned_user: "Example" });
    expect(of("no warning", index)).toMatchObject({ is_talk_warning: false, warned_user: null });
  });

  test.each(named.map(([comment, expected], index) => [comment, expected, index] as const))(
    "%s",
    (_, expected, index) => void expect(of("named", index)).toMatchObject(expected),
  );

  test("a warning stands on a user's talk page, and blanking it is none", () => {
    expect(talks.map((_, index) => of("talk", index)["warned_user"])).toEqual(talks.map(([, user]) => user));
    expect(talks.map((_, index) => of("talk", index)["is_talk_warning"])).toEqual(
      talks.map(([, user]) => user !== null),
    );
  });
});

test.each(users.map(([user, expected], index) => [String(user), expected, index] as const))(
  "%s is trusted, or not",
  (_, expected, index) => void expect(of("user", index)).toMatchObject(expected),
);

test("watched pages are named by the first entry that matches", () => {
  expect(pages.map((_, index) => of("page", index)["watch_id"])).toEqual(pages.map(([, id]) => id));
  expect(pages.map((_, index) => of("page", index)["is_watched"])).toEqual(pages.map(([, id]) => id !== null));
});

test("terms are found in their fields, in any form of the letters", () => {
  expect(terms.map((_, index) => of("term", index)["blacklist_ids"])).toEqual(terms.map(([, id]) => id));
});

test("gold counts a bot without the flag as human, and as known", async () => {
  const [row] = await spark.sql("select sum(known_bot_edits) as n from lake.ref_gold.hourly_stats");
  expect(row).toEqual({ n: 6 });
});

describe("the reference tables", () => {
  const rowsOf = (table: string): Promise<readonly Row[]> => spark.sql(`select * from lake.ref_ops.${table}`);

  test("hold one row an entry", async () => {
    expect(await rowsOf("dim_domain")).toHaveLength(18);
    expect((await rowsOf("dim_trusted")).map((row) => row["user_normalized"]).sort()).toEqual([
      "AAlertBot",
      "ClueBot NG",
      "PatruBOT",
      "Salebot",
      "XLinkBot",
    ]);
    expect(await rowsOf("dim_watch")).toHaveLength(4);
    expect((await rowsOf("dim_blacklist")).find((row) => row["term_id"] === "casino")).toMatchObject({
      pattern: "online casino",
      fields: "title,comment",
      wikis: null,
    });
  });

  test("are replaced when a list has changed, and only then", async () => {
    const snapshots = async (): Promise<unknown> =>
      (await spark.sql("select count(*) as n from lake.ref_ops.dim_trusted.snapshots"))[0]?.["n"];
    await spark.appendBronze("ref", onPartition([edit()], ids.size));
    expect(await spark.run({ prefix: "ref", runId: "ref-2", flags: coreFlags })).toEqual({ exit: 0 });
    expect(await snapshots()).toBe(1);
  });
});
