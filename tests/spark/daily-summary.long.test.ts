import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { at, commons, DailyLake, de, noLength, userDaily } from "./daily-lake.ts";
import { edit } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

describe("daily_analytics_summary", () => {
  const lake = new DailyLake(() => spark, "summary", [...userDaily, "gold.daily_analytics_summary"]);
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

describe("the second health score", () => {
  const lake = new DailyLake(() => spark, "usual", [...userDaily, "gold.daily_analytics_summary"]);
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
