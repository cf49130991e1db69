import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { edit, onPartition } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

const table = "lake.clean_silver.cleaned_events";
const byTitle = async (columns: string, where = "true"): Promise<ReadonlyMap<string, Row>> => {
  const rows = await spark.sql(`select title, ${columns} from ${table} where ${where}`);
  return new Map(rows.map((row) => [String(row["title"]), row]));
};

/** user as delivered → user_normalized, user_kind */
const users: readonly (readonly [string | null, string | null, string])[] = [
  ["Ada_Lovelace", "Ada Lovelace", "registered"],
  ["  spaced \u0007 out ", "spaced  out", "registered"],
  ["Cafe\u0301", "Caf\u00e9", "registered"],
  ["192.0.2.17", "192.0.2.17", "ip"],
  ["256.0.2.17", "256.0.2.17", "registered"],
  ["2001:db8:0:0:0:0:0:1", "2001:DB8:0:0:0:0:0:1", "ip"],
  ["2001:db8::1", "2001:DB8::1", "ip"],
  ["fe80::", "FE80::", "ip"],
  ["::1", "::1", "ip"],
  ["2001:db8::1::2", "2001:db8::1::2", "registered"],
  ["12:30 Uhr", "12:30 Uhr", "registered"],
  ["~2026-12345-67", "~2026-12345-67", "temporary"],
  ["~Tilde", "~Tilde", "registered"],
  [null, null, "hidden"],
  ["\u0000", null, "hidden"],
];

/** host → language, project, region, in_scope */
const hosts: readonly (readonly [string, string, string, string, boolean])[] = [
  ["en.wikipedia.org", "en", "wikipedia", "americas", true],
  ["de.wikipedia.org", "de", "wikipedia", "europe", true],
  ["ja.wikipedia.org", "ja", "wikipedia", "asia_pacific", true],
  ["ar.wikipedia.org", "ar", "wikipedia", "middle_east", true],
  ["simple.wikipedia.org", "simple", "wikipedia", "other", false],
  ["zh-min-nan.wikipedia.org", "zh-min-nan", "wikipedia", "other", false],
  ["be-tarask.wikipedia.org", "be-tarask", "wikipedia", "other", false],
  ["fr.wiktionary.org", "fr", "wiktionary", "europe", false],
  ["it.wikinews.org", "it", "wikinews", "europe", false],
  ["pl.wikibooks.org", "pl", "wikibooks", "europe", false],
  ["nl.wikiquote.org", "nl", "wikiquote", "europe", false],
  ["la.wikisource.org", "la", "wikisource", "other", false],
  ["ru.wikiversity.org", "ru", "wikiversity", "europe", false],
  ["es.wikivoyage.org", "es", "wikivoyage", "europe", false],
  ["commons.wikimedia.org", "mul", "commons", "other", false],
  ["meta.wikimedia.org", "mul", "meta", "other", false],
  ["species.wikimedia.org", "mul", "species", "other", false],
  ["incubator.wikimedia.org", "mul", "incubator", "other", false],
  ["wikimania.wikimedia.org", "mul", "wikimedia", "other", false],
  ["www.wikidata.org", "mul", "wikidata", "other", false],
  ["www.mediawiki.org", "mul", "mediawiki", "other", false],
  ["www.wikifunctions.org", "mul", "wikifunctions", "other", false],
  ["www.wikipedia.org", "mul", "wikipedia", "other", false],
  ["wikisource.org", "mul", "wikisource", "other", false],
];

const filterHit = (title: string, actions: string): Row =>
  edit({
    title,
    event_type: "log",
    log_type: "abusefilter",
    log_params: JSON.stringify({ action: "edit", filter: 79, actions, log: 1 }),
    length_old: null,
    length_new: null,
    revision_new: null,
  });

const sizes: readonly Row[] = [
  edit({ title: "minor", length_old: 1000, length_new: 1099 }),
  edit({ title: "moderate", length_old: 1000, length_new: 900 }),
  edit({ title: "major", length_old: 5000, length_new: 4000 }),
  edit({ title: "at -5000", length_old: 9000, length_new: 4000 }),
  edit({ title: "large deletion", length_old: 9001, length_new: 4000 }),
  edit({ title: "large addition", length_old: 0, length_new: 50_001 }),
  edit({ title: "blanked", length_old: 500, length_new: 50 }),
  edit({ title: "not blanked", length_old: 500, length_new: 51 }),
  edit({ title: "short", length_old: 499, length_new: 0 }),
  edit({ title: "new page", event_type: "new", length_new: 31 }),
];
const comments: readonly Row[] = [
  edit({ title: "c-null", comment: null }),
  edit({ title: "c-empty", comment: "" }),
  edit({ title: "c-section", comment: "/* History */ " }),
  edit({ title: "c-section-text", comment: "/* History */ a word" }),
  edit({ title: "c-two-sections", comment: "/* a */ b /* c */" }),
  edit({ title: "c-text", comment: "because" }),
];
const spaces: readonly Row[] = [
  edit({ title: "n-article", namespace: 0 }),
  edit({ title: "n-talk", namespace: 1 }),
  edit({ title: "n-special", namespace: -1 }),
  edit({
    title: "n-cat",
    namespace: 14,
    event_type: "categorize",
    length_old: null,
    length_new: null,
    revision_new: null,
  }),
  edit({ title: "n-log", event_type: "log", length_old: null, length_new: null, revision_new: null }),
  edit({ title: "n-odd", event_type: "brand-new-type", length_old: null, length_new: null, revision_new: null }),
];
const times: readonly Row[] = [
  edit({
    title: "t-fresh",
    bronze_processed_at: "2026-11-20T11:00:00.000",
    source_topic: "codfw.mediawiki.recentchange",
  }),
  edit({
    title: "t-stale",
    bronze_processed_at: "2026-11-20T11:00:01.000",
    source_topic: "other.mediawiki.recentchange",
  }),
];
const refused: readonly Row[] = [
  edit({ title: "q-type", event_type: null }),
  edit({ title: "q-revision", revision_new: null }),
  edit({ title: "q-length", length_new: null }),
  edit({ title: "q-old-length", length_old: null }),
  edit({ title: "q-negative", length_old: -1 }),
];

describe("silver.cleaned_events", () => {
  beforeAll(async () => {
    await spark.createLake("clean");
    const filler = Array.from({ length: 200 }, (_, n) => edit({ title: `filler ${n}` }));
    const rows = [
      ...users.map(([user], n) => edit({ title: `u${n}`, user, domain: "fr.wikipedia.org", wiki: "frwiki" })),
      ...hosts.map(([domain], n) => edit({ title: `h${n}`, domain, wiki: `w${n}` })),
      ...sizes,
      ...comments,
      ...spaces,
      ...times,
      ...refused,
      ...["", "tag", "warn,tag", "tag,disallow", "blockautopromote", "nothing-known"].map((a, n) =>
        filterHit(`f${n}`, a),
      ),
      ...filler,
    ];
    await spark.appendBronze("clean", onPartition(rows));
    expect(await spark.run({ prefix: "clean", runId: "clean-1", command: "silver" })).toEqual({ exit: 0 });
  });

  test("normalises users and tells their kinds", async () => {
    const found = await byTitle("user_normalized, user_kind, is_anonymous, is_temporary", "title like 'u%'");
    users.forEach(([, normalized, kind], n) => {
      expect(found.get(`u${n}`)).toEqual({
        title: `u${n}`,
        user_normalized: normalized,
        user_kind: kind,
        is_anonymous: kind === "ip" || kind === "temporary",
        is_temporary: kind === "temporary",
      });
    });
  });

  test("reads language, project and region from the host", async () => {
    const found = await byTitle("language, project, region, in_scope", "title rlike '^h[0-9]+$'");
    hosts.forEach(([, language, project, region, in_scope], n) => {
      expect(found.get(`h${n}`)).toEqual({ title: `h${n}`, language, project, region, in_scope });
    });
  });

  test("measures edits at their limits", async () => {
    const found = await byTitle("length_delta, edit_severity, is_large_deletion, is_large_addition, is_blanking");
    const facts = (title: string): readonly unknown[] => Object.values(found.get(title) ?? {}).slice(1);
    expect(facts("minor")).toEqual([99, "minor", false, false, false]);
    expect(facts("moderate")).toEqual([-100, "moderate", false, false, false]);
    expect(facts("major")).toEqual([-1000, "major", false, false, false]);
    expect(facts("at -5000")).toEqual([-5000, "major", false, false, false]);
    expect(facts("large deletion")).toEqual([-5001, "major", true, false, false]);
    expect(facts("large addition")).toEqual([50_001, "major", false, true, false]);
    expect(facts("blanked")).toEqual([-450, "moderate", false, false, true]);
    expect(facts("not blanked")).toEqual([-449, "moderate", false, false, false]);
    expect(facts("short")).toEqual([-499, "moderate", false, false, false]);
    expect(facts("new page")).toEqual([31, "minor", false, false, false]);
    expect(await spark.sql(`select removed_share from ${table} where title = 'blanked'`)).toEqual([
      { removed_share: 0.9 },
    ]);
  });

  test("tells a summary from a section mark from nothing", async () => {
    const found = await byTitle("comment_kind", "title like 'c-%'");
    expect([...found.values()].map((row) => [row["title"], row["comment_kind"]]).sort()).toEqual([
      ["c-empty", "empty"],
      ["c-null", "empty"],
      ["c-section", "section_only"],
      ["c-section-text", "text"],
      ["c-text", "text"],
      ["c-two-sections", "text"],
    ]);
  });

  test("knows talk pages and signal, and accepts a type nobody has seen", async () => {
    const found = await byTitle("is_talk, is_signal", "title like 'n-%'");
    const facts = Object.fromEntries([...found].map(([title, row]) => [title, [row["is_talk"], row["is_signal"]]]));
    expect(facts).toEqual({
      "n-article": [false, true],
      "n-talk": [true, false],
      "n-special": [false, true],
      "n-cat": [false, false],
      "n-log": [false, true],
      "n-odd": [false, false],
    });
  });

  test("calls a row stale after an hour, and knows the data centre", async () => {
    const found = await byTitle("processing_lag_s, is_stale, source_dc", "title like 't-%'");
    expect(found.get("t-fresh")).toMatchObject({ processing_lag_s: 3600, is_stale: false, source_dc: "codfw" });
    expect(found.get("t-stale")).toMatchObject({ processing_lag_s: 3601, is_stale: true, source_dc: null });
  });

  test("grades abuse filter hits by what the filter did", async () => {
    const rows = await spark.sql(
      `select title, filter_id, filter_level from ${table} where title rlike '^f[0-9]$' order by title`,
    );
    expect(rows.map((row) => row["filter_level"])).toEqual([1, 1, 2, 3, 3, 1]);
    expect(new Set(rows.map((row) => row["filter_id"]))).toEqual(new Set(["79"]));
  });

  test("keeps what it refuses, with the reason", async () => {
    const rows = await spark.sql("select rule_id, payload from lake.clean_dq_audit.quarantine");
    const found = rows.map((row) => [JSON.parse(String(row["payload"])).title, row["rule_id"]]).sort();
    expect(found).toEqual([
      ["q-length", "RS-3"],
      ["q-negative", "RS-3"],
      ["q-old-length", "RS-3"],
      ["q-revision", "RS-3"],
      ["q-type", "RS-1"],
    ]);
    expect(await spark.sql(`select count(*) as n from ${table} where title like 'q-%'`)).toEqual([{ n: 0 }]);
  });
});
