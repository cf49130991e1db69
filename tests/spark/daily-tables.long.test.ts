import { existsSync } from "node:fs";
import path from "node:path";
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

const userDaily = ["silver.cleaned_events", "silver.reverts", "gold.hourly_stats", "gold.user_daily"];
const history = [
  "gold.historical_top_contributors",
  "gold.historical_language_distribution",
  "gold.historical_server_rankings",
];

/** A folder without about.yml is written and not picked up by the runner yet: its tests wait with it. */
const whenPickedUp = (table: string): typeof describe | typeof describe.skip =>
  existsSync(path.join(import.meta.dirname, "../../spark/gold", table, "about.yml")) ? describe : describe.skip;

/** A lake with these tables only, and the offsets its next batch begins at. */
class Lake {
  readonly prefix: string;
  readonly #tables: readonly string[];
  #next = 0;
  #run = 0;
  constructor(prefix: string, tables: readonly string[]) {
    this.prefix = prefix;
    this.#tables = tables;
  }
  async cycle(rows: readonly Row[], flags: readonly string[] = []): Promise<void> {
    if (rows.length > 0) await spark.appendBronze(this.prefix, onPartition(rows, this.#next));
    this.#next += rows.length;
    this.#run += 1;
    const runId = `${this.prefix}-${this.#run}`;
    const given = ["--tables", this.#tables.join(","), ...flags];
    expect(await spark.run({ prefix: this.prefix, runId, flags: given })).toEqual({ exit: 0 });
  }
  gold(table: string): string {
    return `lake.${this.prefix}_gold.${table}`;
  }
  /** Rows of `columns`, one array each. */
  async rows(table: string, columns: string, where = "true"): Promise<readonly (readonly unknown[])[]> {
    const found = await spark.sql(`select ${columns} from ${this.gold(table)} where ${where}`);
    return found.map((row) => Object.values(row));
  }
}

const at = (day: string, time: string): string => `${day}T${time}.000`;
const noLength: Row = { length_old: null, length_new: null, revision_old: null, revision_new: null };
const de: Row = { domain: "de.wikipedia.org", wiki: "dewiki" };
const commons: Row = { domain: "commons.wikimedia.org", wiki: "commonswiki" };

describe("user_daily", () => {
  const lake = new Lake("users", userDaily);
  const on = (time: string, fields: Row): Row =>
    edit({ event_timestamp: at("2026-11-20", time), user: "Ada", ...fields });
  const bobs = on("10:45:00", {
    title: "P",
    user: "Bob",
    length_old: 1050,
    length_new: 1100,
    revision_old: 12,
    revision_new: 13,
  });
  const columns =
    "server_name, user_normalized, is_bot, events, edits, signal_edits, pages_edited, pages_created, bytes_changed, net_bytes, reverts_made, reverted_edits, active_hours";
  const day = async (): Promise<readonly string[]> =>
    (await lake.rows("user_daily", columns, "stat_date = '2026-11-20'")).map((row) => row.join(" ")).sort();

  test("counts the day of each user on each server, with and without the bot flag", async () => {
    await spark.createLake(lake.prefix);
    await lake.cycle([
      on("10:00:00", { title: "P", revision_old: 10, revision_new: 11 }),
      on("10:30:00", { title: "P", length_old: 1100, length_new: 1050, revision_old: 11, revision_new: 12 }),
      bobs,
      on("12:00:00", { title: "Talk:P", namespace: 1, length_new: 1010, revision_old: 20, revision_new: 21 }),
      on("13:00:00", { title: "Q", event_type: "new", length_new: 300, revision_old: null, revision_new: 30 }),
      on("13:10:00", { title: "Q", event_type: "log", ...noLength }),
      on("14:00:00", { title: "R", is_bot: true, length_new: 1005, revision_old: 40, revision_new: 41 }),
      on("15:00:00", { ...de, title: "S", length_new: 1007, revision_old: 50, revision_new: 51 }),
      on("16:00:00", { user: null, title: "T", revision_old: 60, revision_new: 61 }),
      on("17:00:00", {
        user: "Zoe",
        title: "U",
        length_old: 9000,
        length_new: 100,
        revision_old: 70,
        revision_new: 71,
      }),
    ]);
    expect(await day()).toEqual([
      "de.wikipedia.org Ada false 1 1 1 1 0 7 7 0 0 1",
      "en.wikipedia.org Ada false 5 4 3 3 1 460 360 0 1 3",
      "en.wikipedia.org Ada true 1 1 1 1 0 5 5 0 0 1",
      "en.wikipedia.org Bob false 1 1 1 1 0 50 50 1 0 1",
      "en.wikipedia.org Zoe false 1 1 1 1 0 8900 -8900 0 0 1",
    ]);
    const more =
      "language, project, user_kind, in_scope, large_deletions, first_event_at, last_event_at, schema_version";
    expect(
      await lake.rows("user_daily", more, "user_normalized = 'Ada' and not is_bot and server_name like 'en%'"),
    ).toEqual([["en", "wikipedia", "registered", true, 0, "2026-11-20 10:00:00", "2026-11-20 13:10:00", "1.0.0"]]);
    expect(await lake.rows("user_daily", "large_deletions", "user_normalized = 'Zoe'")).toEqual([[1]]);
  });

  test("takes up what is undone on the next day, and writes no other row of the day", async () => {
    const next = (time: string, fields: Row): Row => edit({ event_timestamp: at("2026-11-21", time), ...fields });
    await lake.cycle([
      next("01:00:00", {
        user: "Dora",
        title: "R",
        length_old: 1005,
        length_new: 1000,
        revision_old: 41,
        revision_new: 42,
      }),
      next("02:00:00", {
        ...de,
        user: "Erik",
        title: "S",
        length_old: 1007,
        length_new: 1000,
        revision_old: 51,
        revision_new: 52,
      }),
    ]);
    expect(await day()).toEqual([
      "de.wikipedia.org Ada false 1 1 1 1 0 7 7 0 1 1",
      "en.wikipedia.org Ada false 5 4 3 3 1 460 360 0 1 3",
      "en.wikipedia.org Ada true 1 1 1 1 0 5 5 0 1 1",
      "en.wikipedia.org Bob false 1 1 1 1 0 50 50 1 0 1",
      "en.wikipedia.org Zoe false 1 1 1 1 0 8900 -8900 0 0 1",
    ]);
    const written = await lake.rows(
      "user_daily",
      "user_normalized, is_bot, server_name",
      `gold_processed_at = (select max(gold_processed_at) from ${lake.gold("user_daily")})`,
    );
    expect(written.map((row) => row.join(" ")).sort()).toEqual([
      "Ada false de.wikipedia.org",
      "Ada true en.wikipedia.org",
      "Dora false en.wikipedia.org",
      "Erik false de.wikipedia.org",
    ]);
  });

  test("forgets a user whose only event turns out to be another's, and a rebuild agrees", async () => {
    await lake.cycle([{ ...bobs, user: "Rob", kafka_timestamp: "2026-11-20T10:45:00.500" }]);
    const expected = [
      "de.wikipedia.org Ada false 1 1 1 1 0 7 7 0 1 1",
      "en.wikipedia.org Ada false 5 4 3 3 1 460 360 0 1 3",
      "en.wikipedia.org Ada true 1 1 1 1 0 5 5 0 1 1",
      "en.wikipedia.org Rob false 1 1 1 1 0 50 50 1 0 1",
      "en.wikipedia.org Zoe false 1 1 1 1 0 8900 -8900 0 0 1",
    ];
    expect(await day()).toEqual(expected);
    await lake.cycle([], ["--rebuild"]);
    expect(await day()).toEqual(expected);
  });
});

whenPickedUp("daily_analytics_summary")("daily_analytics_summary", () => {
  const lake = new Lake("summary", [...userDaily, "gold.daily_analytics_summary"]);
  const on = (time: string, fields: Row): Row =>
    edit({ event_timestamp: at("2026-11-20", time), user: "Ada", ...fields });
  const gap = (id: string, status: string, from: string, to: string | null): string =>
    `('${id}', 'eventstreams', 't', 'silence', '${status}', timestamp_ntz'${from}', ${to === null ? "cast(null as timestamp_ntz)" : `timestamp_ntz'${to}'`},
      timestamp_ntz'2026-11-20 05:00:00', cast(null as timestamp_ntz), 0L, 0L, 0L, 0L, '{}', '2026-11')`;
  const risk = (user: string, kind: string, model: string, level: string, score: number): string =>
    `('2026-11-20', '${kind}', '${user}', '${model}', '${level}', ${score}D, ${level === "HIGH"}, timestamp_ntz'2026-11-20 05:00:00')`;
  const of = async (date: string): Promise<Row> =>
    (await spark.sql(`select * from ${lake.gold("daily_analytics_summary")} where summary_date = '${date}'`))[0] ?? {};

  test("says the day over the domains in scope", async () => {
    await spark.createLake(lake.prefix);
    await spark.sql(`create namespace if not exists lake.${lake.prefix}_gold`);
    await spark.sql(`create table ${lake.gold("risk_scores")} (stat_date string, entity_type string, entity_id string,
      model_version string, risk_level string, risk_score double, alert_triggered boolean, gold_processed_at timestamp_ntz) using iceberg`);
    await spark.sql(
      `insert into ${lake.gold("risk_scores")} values ${[
        risk("Ada", "user", "v2", "LOW", 10),
        risk("Kenji", "user", "v2", "LOW", 20),
        risk("192.0.2.7", "user", "v2", "HIGH", 80),
        risk("Ada", "user", "v1", "HIGH", 90),
        risk("enwiki:P", "page", "v2", "HIGH", 95),
      ].join(", ")}`,
    );
    await spark.sql(
      `insert into lake.${lake.prefix}_ops.feed_gaps values ${[
        gap("a", "lost", "2026-11-20 01:00:00", "2026-11-20 01:10:00"),
        gap("b", "open", "2026-11-20 01:05:00", "2026-11-20 01:20:00"),
        gap("c", "lost", "2026-11-19 23:50:00", "2026-11-20 00:05:00"),
        gap("d", "recovered", "2026-11-20 02:00:00", "2026-11-20 03:00:00"),
        gap("e", "open", "2026-11-20 04:20:00", null),
      ].join(", ")}`,
    );
    const ja: Row = { domain: "ja.wikipedia.org", wiki: "jawiki" };
    const ar: Row = { domain: "ar.wikipedia.org", wiki: "arwiki" };
    await lake.cycle([
      on("00:10:00", { title: "P", length_new: 1200, revision_old: 10, revision_new: 11 }),
      on("00:20:00", { title: "P", length_old: 1200, length_new: 1300, revision_old: 11, revision_new: 12 }),
      on("01:00:00", { title: "R", user: "BotX", is_bot: true, length_new: 1050, revision_old: 20, revision_new: 21 }),
      on("01:30:00", {
        ...de,
        title: "P",
        user: "192.0.2.7",
        length_old: 8000,
        length_new: 2000,
        revision_old: 30,
        revision_new: 31,
      }),
      on("02:00:00", {
        ...ja,
        title: "Q",
        user: "Kenji",
        event_type: "new",
        length_new: 400,
        revision_old: null,
        revision_new: 40,
      }),
      on("02:30:00", { ...ar, title: "Category:X", event_type: "categorize", namespace: 14, ...noLength }),
      on("03:00:00", { title: "S", user: null, length_new: 1010, revision_old: 50, revision_new: 51 }),
      on("04:00:00", { ...commons, title: "T", length_new: 1070, revision_old: 60, revision_new: 61 }),
      on("04:30:00", { title: "P", event_type: "log", ...noLength }),
    ]);
    expect(await of("2026-11-20")).toMatchObject({
      total_events: 8,
      total_edits: 6,
      unique_users: 4,
      active_domains: 4,
      unique_pages_edited: 5,
      bot_percentage: 100 / 6,
      anonymous_percentage: 100 / 6,
      registered_user_percentage: 50,
      total_bytes_added: 760,
      total_bytes_removed: 6000,
      net_content_change: -5240,
      avg_edit_size_bytes: 6760 / 6,
      new_pages_created: 1,
      large_deletions_count: 1,
      large_deletion_rate: 1 / 8,
      high_risk_user_count: 1,
      medium_risk_user_count: 0,
      low_risk_user_count: 2,
      total_alerts_triggered: 1,
      platform_avg_risk_score: 110 / 3,
      platform_max_risk_score: 80,
      europe_percentage: 12.5,
      americas_percentage: 62.5,
      asia_pacific_percentage: 12.5,
      middle_east_percentage: 12.5,
      other_percentage: 0,
      peak_hour_events: 2,
      hours_elapsed: 4.5,
      avg_events_per_hour: 8 / 4.5,
      registered_events: 5,
      reverted_edits: 0,
      revert_count: 0,
      // 00:00-00:05, 01:00-01:20 once, 04:20 to the newest event.
      feed_gap_seconds: 300 + 1200 + 600,
      all_wikis_total_events: 9,
      all_wikis_total_edits: 7,
      risk_model_version: "v2",
      is_complete: false,
      // 40 x 2/3 + 30 x 5/8; more was removed than added, and one deletion of eight events is many.
      platform_health_score: 45.42,
      schema_version: "1.0.0",
    });
    // No reverts 35, a third of the users at high risk 0, no history 20, feed 20 x (1 - 2100 / 16200).
    expect((await of("2026-11-20"))["platform_health_score_v2"]).toBeCloseTo(72.407_407, 5);
  });

  test("goes on until the day is an hour over; an open gap grows with the feed", async () => {
    const next = (time: string): Row => edit({ event_timestamp: at("2026-11-21", time), user: "Ada", title: time });
    await lake.cycle([next("00:30:00")]);
    expect(await of("2026-11-20")).toMatchObject({
      hours_elapsed: 24,
      is_complete: false,
      feed_gap_seconds: 1500 + 70_800,
      unique_users: 4,
    });
    expect(await of("2026-11-21")).toMatchObject({
      hours_elapsed: 0.5,
      total_events: 1,
      feed_gap_seconds: 1800,
      high_risk_user_count: 0,
    });
    await lake.cycle([next("01:00:00")]);
    expect(await of("2026-11-20")).toMatchObject({
      is_complete: true,
      unique_pages_edited: 5,
      registered_user_percentage: 50,
    });
    expect(await of("2026-11-21")).toMatchObject({ is_complete: false, hours_elapsed: 1, platform_health_score: 60 });
  });
});

whenPickedUp("daily_analytics_summary")("the second health score", () => {
  const lake = new Lake("usual", [...userDaily, "gold.daily_analytics_summary"]);
  const edits = (day: number, count: number, from = 0): readonly Row[] =>
    Array.from({ length: count }, (_, n) =>
      edit({
        event_timestamp: at(`2026-11-0${day}`, `10:0${from}:${String(n).padStart(2, "0")}`),
        title: `${day} ${from} ${n}`,
      }),
    );
  const score = async (day: number): Promise<number> =>
    Number(
      (
        await lake.rows("daily_analytics_summary", "platform_health_score_v2", `summary_date = '2026-11-0${day}'`)
      )[0]?.[0],
    );

  test("compares a day with the days before it, from the seventh on", async () => {
    await spark.createLake(lake.prefix);
    await spark.sql(`create namespace if not exists lake.${lake.prefix}_gold`);
    await spark.sql(`create table ${lake.gold("risk_scores")} (stat_date string, entity_type string, entity_id string,
      model_version string, risk_level string, risk_score double, alert_triggered boolean, gold_processed_at timestamp_ntz) using iceberg`);
    const counts = [2, 2, 2, 4, 4, 4, 6, 9, 1];
    await lake.cycle(counts.flatMap((count, index) => edits(index + 1, count)));
    expect(await score(7)).toBe(100);
    // Median 4, median deviation 2: z = 5 / 2.9652.
    expect(await score(8)).toBeCloseTo(80 + 20 * (1 - 5 / 2.9652 / 6), 9);
  });

  test("is judged anew when a day before it grows", async () => {
    await lake.cycle([1, 2, 3].flatMap((day) => edits(day, 8, 1)));
    // 10, 10, 10, 4, 4, 4, 6: median 6, median deviation 2.
    expect(await score(8)).toBeCloseTo(80 + 20 * (1 - 3 / 2.9652 / 6), 9);
    expect(await lake.rows("daily_analytics_summary", "total_edits", "summary_date = '2026-11-01'")).toEqual([[10]]);
  });
});

whenPickedUp("historical_top_contributors")("the historical lists", () => {
  const lake = new Lake("past", [...userDaily, ...history]);
  const on = (day: string, count: number, fields: Row): readonly Row[] =>
    Array.from({ length: count }, (_, n) =>
      edit({ event_timestamp: at(day, `10:00:0${n}`), title: `${day} ${n}`, ...fields }),
    );
  const contributors = (date: string, days: number): Promise<readonly (readonly unknown[])[]> =>
    lake.rows(
      "historical_top_contributors",
      "rank, user, is_bot, edit_count, total_bytes",
      `as_of_date = '${date}' and period_days = ${days} order by rank`,
    );
  const servers = (date: string, days: number): Promise<readonly (readonly unknown[])[]> =>
    lake.rows(
      "historical_server_rankings",
      "rank, server_name, edit_count, unique_users, percentile",
      `as_of_date = '${date}' and period_days = ${days} order by rank, server_name`,
    );
  const languages = (date: string, days: number): Promise<readonly (readonly unknown[])[]> =>
    lake.rows(
      "historical_language_distribution",
      "language, project, edit_count, bot_edits, edit_share",
      `as_of_date = '${date}' and period_days = ${days} order by edit_count desc, language`,
    );

  test("look back 1, 7 and 30 days from each day with events", async () => {
    await spark.createLake(lake.prefix);
    await lake.cycle([
      ...on("2026-11-01", 3, { user: "Ada" }),
      ...on("2026-11-01", 1, { ...de, user: "Bob" }),
      ...on("2026-11-08", 2, { ...de, user: "Bob" }),
      ...on("2026-11-08", 1, { user: "Cleo", is_bot: true }),
      ...on("2026-11-30", 1, { ...commons, user: "Dora" }),
    ]);
    expect(await contributors("2026-11-08", 7)).toEqual([
      [1, "Bob", false, 2, 200],
      [2, "Cleo", true, 1, 100],
    ]);
    expect(await contributors("2026-11-08", 30)).toEqual([
      [1, "Ada", false, 3, 300],
      [2, "Bob", false, 3, 300],
      [3, "Cleo", true, 1, 100],
    ]);
    expect(await contributors("2026-11-30", 1)).toEqual([[1, "Dora", false, 1, 100]]);
    expect(await contributors("2026-11-30", 30)).toHaveLength(4);
    expect(await servers("2026-11-08", 30)).toEqual([
      [1, "en.wikipedia.org", 4, 2, 1],
      [2, "de.wikipedia.org", 3, 1, 0],
    ]);
    expect(await servers("2026-11-30", 30)).toEqual([
      [1, "en.wikipedia.org", 4, 2, 1],
      [2, "de.wikipedia.org", 3, 1, 0.5],
      [3, "commons.wikimedia.org", 1, 1, 0],
    ]);
    expect(await languages("2026-11-08", 30)).toEqual([
      ["en", "wikipedia", 4, 1, 4 / 7],
      ["de", "wikipedia", 3, 0, 3 / 7],
    ]);
    expect(await languages("2026-11-08", 7)).toEqual([
      ["de", "wikipedia", 2, 0, 2 / 3],
      ["en", "wikipedia", 1, 1, 1 / 3],
    ]);
  });

  test("take up a late event in every period that holds its day, and never beyond the newest day", async () => {
    await lake.cycle(on("2026-11-02", 1, { ...de, user: "Bob" }));
    expect(await contributors("2026-11-02", 1)).toEqual([[1, "Bob", false, 1, 100]]);
    expect(await contributors("2026-11-02", 7)).toEqual([
      [1, "Ada", false, 3, 300],
      [2, "Bob", false, 2, 200],
    ]);
    expect(await contributors("2026-11-08", 7)).toEqual([
      [1, "Bob", false, 3, 300],
      [2, "Cleo", true, 1, 100],
    ]);
    expect((await contributors("2026-11-30", 30))[0]).toEqual([1, "Bob", false, 4, 400]);
    // Equal counts share a rank, and so a percentile.
    expect(await servers("2026-11-08", 30)).toEqual([
      [1, "de.wikipedia.org", 4, 1, 0],
      [1, "en.wikipedia.org", 4, 2, 0],
    ]);
    expect(await languages("2026-11-30", 30)).toEqual([
      ["de", "wikipedia", 4, 0, 4 / 9],
      ["en", "wikipedia", 4, 1, 4 / 9],
      ["mul", "commons", 1, 0, 1 / 9],
    ]);
    for (const table of [
      "historical_top_contributors",
      "historical_language_distribution",
      "historical_server_rankings",
    ]) {
      const days = await lake.rows(table, "distinct as_of_date", "true order by 1");
      expect(days.flat()).toEqual(["2026-11-01", "2026-11-02", "2026-11-08", "2026-11-30"]);
    }
  });

  test("name a hundred, and leave nobody out who belongs there when many days come at once", async () => {
    const many = new Lake("many", [...userDaily, "gold.historical_top_contributors"]);
    await spark.createLake(many.prefix);
    const name = (n: number): string => `User ${String(n).padStart(3, "0")}`;
    const days = ["2026-11-01", "2026-11-02", "2026-11-03"];
    // Two edits a day for 105 users, one a day for another, one in all for the last.
    const busy = days.flatMap((day) => Array.from({ length: 105 }, (_, n) => on(day, 2, { user: name(n) })).flat());
    const steady = days.flatMap((day) => on(day, 1, { user: "Aaron" }));
    const more = days.flatMap((day) => on(day, 1, { user: name(104), namespace: 4 }));
    await many.cycle([...busy, ...steady, ...more, ...on("2026-11-01", 1, { user: "Abel" })]);
    const list = (day: string, period: number): Promise<readonly (readonly unknown[])[]> =>
      many.rows(
        "historical_top_contributors",
        "rank, user, edit_count",
        `as_of_date = '${day}' and period_days = ${period} order by rank`,
      );
    for (const [index, day] of days.entries()) {
      const of = (perDay: number): number => perDay * (index + 1);
      const first = Array.from({ length: 99 }, (_, n) => [n + 2, name(n)]);
      expect(await list(day, 1)).toEqual([[1, name(104), 3], ...first.map((row) => [...row, 2])]);
      expect(await list(day, 30)).toEqual([[1, name(104), of(3)], ...first.map((row) => [...row, of(2)])]);
    }
  });
});
