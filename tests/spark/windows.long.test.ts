import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { edit, onPartition } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";
import { baseline, busy, first, plain, second } from "./window-rows.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

const windowTables = ["global_metrics_10min", "user_metrics_10min", "entity_metrics_10min"] as const;
const silverTables = ["silver.cleaned_events", "silver.reverts", "silver.account_events"];
const only = (...gold: readonly string[]): readonly string[] => [
  "--tables",
  [...silverTables, ...gold.map((name) => `gold.${name}`)].join(","),
];

describe("windows of ten minutes", () => {
  const flags = only(...windowTables);
  // After all that is delivered.
  const now = "2026-11-27T01:00:00";
  const from = (table: (typeof windowTables)[number], where: string, columns = "*"): Promise<readonly Row[]> =>
    spark.sql(`select ${columns} from lake.win_gold.${table} where ${where}`);
  const at = (day: number, time: string): string => `window_start = timestamp_ntz'2026-11-${day} ${time}:00'`;

  beforeAll(async () => {
    await spark.createLake("win");
    await spark.appendBronze("win", onPartition(first));
    await spark.sql("create namespace if not exists lake.win_gold");
    await spark.sql(
      `create table lake.win_gold.wiki_baselines (as_of_date string, wiki string, metric string, hour_of_day int,
        sample_count bigint, median double, mad double, p95 double, p99 double, p999 double,
        gold_processed_at timestamp_ntz, schema_version string) using iceberg partitioned by (as_of_date)`,
    );
    await spark.sql(
      `insert into lake.win_gold.wiki_baselines values ${[
        baseline(19, "enwiki", "edits_10min", 10, 3, 1),
        baseline(19, "dewiki", "edits_10min", 12, 100, 1),
        baseline(19, "enwiki", "entity_edits_10min", 10, 1, 0.2),
        baseline(19, "enwiki", "user_edits_10min_registered", 10, 0, 0),
        baseline(19, "enwiki", "user_edits_10min_unregistered", 10, 1, 1),
        baseline(19, "enwiki", "edits_10min", -1, 1000, 1),
        baseline(25, "enwiki", "edits_10min", 14, 100, 10),
      ].join(", ")}`,
    );
    expect(await spark.run({ prefix: "win", runId: "win-1", now, flags })).toEqual({ exit: 0 });
  });

  test("exist for every wiki and for all, with a sum of the wikis in the row of all", async () => {
    const [row] = await spark.sql(
      `select sum(if(scope = '*', edit_count, 0)) as of_all, sum(if(scope = '*', 0, edit_count)) as of_wikis,
        (select count(*) from lake.win_silver.cleaned_events where event_type in ('edit', 'new')) as edits
      from lake.win_gold.global_metrics_10min`,
    );
    expect(row?.["of_all"]).toBe(row?.["edits"]);
    expect(row?.["of_wikis"]).toBe(row?.["edits"]);
  });

  test("tell how evenly a page is edited", async () => {
    const [row] = await from("entity_metrics_10min", `title = 'War' and ${at(20, "10:00")}`);
    expect(row).toMatchObject({
      edit_count: 5,
      unique_users: 4,
      top_user_share: 0.4,
      revert_count: 3,
      reverted_edits: 3,
    });
    // Edits 1, 1, 1 and 2: (3 x 0.2 x ln 5 + 0.4 x ln 2.5) / ln 4.
    expect(row?.["user_diversity"]).toBeCloseTo((0.6 * Math.log(5) + 0.4 * Math.log(2.5)) / Math.log(4), 12);
    expect(row).toMatchObject({
      edits_per_minute: 0.5,
      revert_rate: 0.6,
      reverted_rate: 0.6,
      is_watched: false,
      watch_id: null,
    });
    const [single] = await from("entity_metrics_10min", `title = 'Undecided' and ${at(20, "11:00")}`);
    expect(single).toMatchObject({ user_diversity: 0, unique_users: 1, top_user_share: 1 });
    const [hidden] = await from("entity_metrics_10min", "title = 'Hidden'");
    expect(hidden).toMatchObject({ edit_count: 3, unique_users: 1, user_diversity: 0, top_user_share: 1 / 3 });
  });

  test.each([
    ["War", 20, "10:00", true],
    ["One against all", 20, "10:00", false],
    ["Slow war", 20, "10:00", false],
    ["Slow war", 21, "09:50", true],
    ["Slow war", 21, "10:00", false],
    ["Undecided", 20, "10:00", false],
    ["Undecided", 20, "11:00", false],
  ])("call %s on %i at %s an edit war: %s", async (title, day, time, isWar) => {
    expect(await from("entity_metrics_10min", `title = '${title}' and ${at(day, time)}`, "is_edit_war")).toEqual([
      { is_edit_war: isWar },
    ]);
  });

  test("have watched pages from one edit on, others from three", async () => {
    expect(
      await from("entity_metrics_10min", at(20, "10:30"), "title, is_watched, watch_id, entity_label, edit_count"),
    ).toEqual([
      {
        title: "Main Page",
        is_watched: true,
        watch_id: "main-page-en",
        entity_label: "Main page, English",
        edit_count: 1,
      },
    ]);
  });

  test.each([
    ["Robot", "bot"],
    ["ClueBot NG", "known_bot"],
    ["Patrol", "reverter"],
    ["Disputed", "human"],
    ["Beginner", "human"],
    ["Newest", "newcomer"],
    ["Older", "human"],
    ["Made by another", "newcomer"],
    ["~2026-1-2", "human"],
    ["192.0.2.7", "human"],
  ])("know %s as %s", async (user, role) => {
    const rows = await from("user_metrics_10min", `user_normalized = '${user}' and ${at(20, "10:30")}`, "role");
    expect(rows).toEqual([{ role }]);
  });

  test("forget a reverter a week after", async () => {
    const rows = await from("user_metrics_10min", `user_normalized = 'Patrol' and ${at(26, "09:00")}`, "role");
    expect(rows).toEqual([{ role: "human" }]);
  });

  test("count what a user did on a wiki, and on how many", async () => {
    const rows = await from("user_metrics_10min", `user_normalized = 'Uwe' and ${at(20, "12:00")} order by wiki`);
    expect(rows).toMatchObject([
      { wiki: "dewiki", edit_count: 5, pages_edited: 5, namespaces_edited: 2, wikis_edited: 2, bytes_added: 500 },
      { wiki: "enwiki", edit_count: 1, pages_edited: 1, namespaces_edited: 1, wikis_edited: 2 },
    ]);
    const [hit] = await from("user_metrics_10min", `user_normalized = 'Uwe' and ${at(20, "12:30")}`);
    expect(hit).toMatchObject({ edit_count: 0, wikis_edited: 0, abuse_filter_hits: 1, revert_rate: null });
    const [bob] = await from("user_metrics_10min", `user_normalized = 'Bob' and ${at(20, "10:00")}`);
    // One revert in War, Slow war and Undecided, three in One against all; Eve undid the one in War.
    expect(bob).toMatchObject({ reverts_made: 6, revert_count: 6, reverted_edits: 1, edit_count: 7 });
    expect(await from("user_metrics_10min", "user_normalized is null")).toEqual([]);
  });

  test("count logs, and measure the lag", async () => {
    const [noon] = await from("global_metrics_10min", `scope = 'dewiki' and ${at(20, "12:00")}`);
    // 1, 2, 3, 4 and 10 seconds: the 95th percentile lies four fifths of the way from 4 to 10.
    expect(noon).toMatchObject({
      lag_p50_s: 3,
      edit_count: 5,
      unique_pages: 5,
      unique_users: 1,
      new_pages: 0,
      bot_share: 0,
    });
    expect(noon?.["lag_p95_s"]).toBeCloseTo(8.8, 9);
    const [half] = await from("global_metrics_10min", `scope = 'dewiki' and ${at(20, "12:30")}`);
    expect(half).toMatchObject({
      total_events: 7,
      edit_count: 0,
      blocks: 2,
      page_deletions: 1,
      protections: 1,
      new_accounts: 1,
    });
    expect(half).toMatchObject({ abuse_filter_hits: 1, bot_share: null, user_diversity: null, unique_users: 0 });
  });

  test("are measured by the baseline of the day before, of their wiki and hour", async () => {
    const [edits] = await from("global_metrics_10min", `scope = 'enwiki' and ${at(20, "10:00")}`);
    // 5 + 7 + 5 + 6 edits against a median of 3 and a deviation of 1.
    expect(edits).toMatchObject({ edit_count: 23, is_anomaly: true });
    expect(edits?.["anomaly_score"]).toBeCloseTo(20 / 1.4826, 9);
    const [drop] = await from("global_metrics_10min", `scope = 'dewiki' and ${at(20, "12:00")}`);
    expect(drop).toMatchObject({ is_anomaly: true });
    expect(drop?.["anomaly_score"]).toBeCloseTo(-95 / 1.4826, 9);
    // No revert, a drop that counts in full, a lag of seconds.
    expect(drop?.["health_indicator"]).toBeCloseTo(100 * (0.5 + 0 + 0.2), 9);
    const [other] = await from("global_metrics_10min", `scope = 'enwiki' and ${at(20, "12:00")}`);
    expect(other).toMatchObject({ anomaly_score: null, is_anomaly: false });
    // A deviation of 0.2 would make little of much: it is at least one edit.
    const pages = await from(
      "entity_metrics_10min",
      `${at(20, "10:00")} order by title`,
      "title, anomaly_score, is_anomaly",
    );
    expect(pages.map((row) => [row["title"], row["anomaly_score"], row["is_anomaly"]])).toEqual([
      ["One against all", 6, true],
      ["Slow war", 4, false],
      ["Undecided", 5, false],
      ["War", 4, false],
    ]);
    const users = await from(
      "user_metrics_10min",
      `user_normalized in ('Bob', 'Robot', '192.0.2.7', 'Newest') and hour(window_start) = 10 and stat_date = '2026-11-20' order by user_normalized`,
      "user_normalized as user, anomaly_score as score, is_anomaly as is",
    );
    expect(users).toEqual([
      { user: "192.0.2.7", score: 0, is: false },
      { user: "Bob", score: 7, is: true },
      { user: "Newest", score: 1, is: false },
      { user: "Robot", score: null, is: false },
    ]);
  });

  test("do not call a window a drop before it has ended", async () => {
    const [row] = await from("global_metrics_10min", `scope = 'enwiki' and ${at(26, "14:30")}`);
    expect(row).toMatchObject({ is_anomaly: false });
    expect(row?.["anomaly_score"]).toBeCloseTo(-99 / 14.826, 9);
  });

  describe("when reverts arrive late, or turn out to be none", () => {
    const changed = async (table: string, key: string): Promise<readonly string[]> =>
      (
        await spark.sql(
          `select concat_ws(' ', date_format(window_start, 'dd HH:mm'), ${key}) as key from lake.win_gold.${table}
          where gold_processed_at = (select max(gold_processed_at) from lake.win_gold.${table}) order by 1`,
        )
      ).map((row) => String(row["key"]));

    beforeAll(async () => {
      await spark.appendBronze("win", onPartition(second, first.length));
      expect(await spark.run({ prefix: "win", runId: "win-2", now, flags })).toEqual({ exit: 0 });
    });

    test("only what they change is written: wikis", async () => {
      expect(await changed("global_metrics_10min", "scope")).toEqual([
        // The third revert of Undecided, its edit undone.
        "20 10:00 *",
        "20 10:00 enwiki",
        // The edit from between, and the revert that is none any more.
        "20 12:20 *",
        "20 12:20 enwiki",
        "20 12:30 *",
        "20 12:30 enwiki",
        // The window that has ended is a drop now, for the wiki that has a baseline.
        "26 14:30 enwiki",
        "26 14:40 *",
        "26 14:40 enwiki",
      ]);
      const [ended] = await from("global_metrics_10min", `scope = 'enwiki' and ${at(26, "14:30")}`);
      expect(ended).toMatchObject({ is_anomaly: true });
      const [none] = await from("global_metrics_10min", `scope = 'enwiki' and ${at(20, "12:30")}`);
      expect(none).toMatchObject({ revert_count: 0 });
    });

    test("only what they change is written: users", async () => {
      expect(await changed("user_metrics_10min", "user_normalized")).toEqual([
        "20 10:00 Dan",
        "20 10:00 Fay",
        "20 12:20 Eve",
        "20 12:30 Bob",
        "26 14:40 Zed",
      ]);
    });

    test("only what they change is written: pages, with the edit war for a day on and no longer", async () => {
      expect(await changed("entity_metrics_10min", "title")).toEqual(["20 10:00 Undecided", "20 11:00 Undecided"]);
      const wars = await from("entity_metrics_10min", "title = 'Undecided' order by window_start", "is_edit_war");
      expect(wars.map((row) => row["is_edit_war"])).toEqual([true, true, false]);
    });

    test("a rebuild says the same", async () => {
      const all = async (): Promise<readonly (readonly Row[])[]> =>
        Promise.all(
          windowTables.map(async (table) =>
            (await from(table, "true order by window_start, 4, 5")).map(({ gold_processed_at: _, ...row }) => row),
          ),
        );
      const before = await all();
      expect(await spark.run({ prefix: "win", runId: "win-3", now, flags: [...flags, "--rebuild"] })).toEqual({
        exit: 0,
      });
      expect(await all()).toEqual(before);
    });
  });
});

describe("what is usual for a wiki", () => {
  const flags = only("hourly_stats", "wiki_baselines", "edit_scores", ...windowTables);
  const read = (where: string): Promise<readonly Row[]> =>
    spark.sql(`select * from lake.usual_gold.wiki_baselines where ${where}`);
  const ofHour = (asOf: number, metric: string): string =>
    `as_of_date = '2026-11-${asOf}' and wiki = 'enwiki' and metric = '${metric}' and hour_of_day = 10`;
  let offset = 0;
  const deliver = async (runId: string, now: string, rows: readonly Row[]): Promise<void> => {
    await spark.appendBronze(
      "usual",
      onPartition(
        rows.map((row) => ({ ...row, bronze_processed_at: now })),
        offset,
      ),
    );
    offset += rows.length;
    expect(await spark.run({ prefix: "usual", runId, now, flags })).toEqual({ exit: 0 });
  };
  const versionsOf = async (): Promise<unknown> =>
    (await spark.sql("select count(*) as n from lake.usual_gold.wiki_baselines.snapshots"))[0]?.["n"];

  beforeAll(async () => {
    await spark.createLake("usual");
    // 3, 4, … 10 edits on eight days; the ninth begins.
    const days = Array.from({ length: 8 }, (_, n) => busy(12 + n, 3 + n)).flat();
    await deliver("usual-1", "2026-11-20T00:10:00", [...days, edit(plain("Night", "Zed", "2026-11-20T00:01:00.000"))]);
    await deliver("usual-2", "2026-11-20T00:21:00", [edit(plain("Night", "Zoe", "2026-11-20T00:15:00.000"))]);
  });

  test("is not known of a day that has not ended by twenty minutes", async () => {
    const [night] = await spark.sql(
      "select min(gold_processed_at) as at from lake.usual_gold.wiki_baselines where as_of_date = '2026-11-19'",
    );
    expect(String(night?.["at"])).toMatch(/^2026-11-20 00:21/);
  });

  test("is the median of 28 days with its deviation and percentiles", async () => {
    // 3 … 10: the middle is 6.5, the distances 0.5, 0.5, 1.5, 1.5, 2.5, 2.5, 3.5, 3.5; 95 % lie 6.65 of 7 steps up.
    const [row] = await read(ofHour(19, "edits_10min"));
    expect(row).toMatchObject({ sample_count: 8, median: 6.5, mad: 2 });
    expect(row?.["p95"]).toBeCloseTo(9.65, 9);
    expect(row?.["p99"]).toBeCloseTo(9.93, 9);
    expect(row?.["p999"]).toBeCloseTo(9.993, 9);
    const [before] = await read(ofHour(18, "edits_10min"));
    expect(before).toMatchObject({ sample_count: 7, median: 6, mad: 2 });
    expect(await read("as_of_date < '2026-11-18'")).toEqual([]);
  });

  test.each([
    ["hourly_events", 10, 6.5, 8],
    ["hourly_events", -1, 6.5, 8],
    ["daily_edits", -1, 6.5, 8],
    ["edits_10min", -1, 6.5, 8],
    ["unique_users_10min", 10, 1, 8],
    ["revert_rate_10min", 10, 0, 8],
    ["entity_edits_10min", 10, 6.5, 8],
    ["user_edits_10min_registered", 10, 6.5, 8],
    // 52 edits of all days: the longest day by day.
    ["length_delta_registered", -1, 1700.5, 52],
  ])("has %s at hour %i", async (metric, hour, median, samples) => {
    const rows = await read(
      `as_of_date = '2026-11-19' and wiki = 'enwiki' and metric = '${metric}' and hour_of_day = ${hour}`,
    );
    expect(rows).toMatchObject([{ median, sample_count: samples }]);
  });

  test("measures the day after, windows of before it was known too", async () => {
    const [last] = await spark.sql(
      "select edit_count, anomaly_score from lake.usual_gold.global_metrics_10min where scope = '*' and stat_date = '2026-11-19'",
    );
    expect(last).toMatchObject({ edit_count: 10 });
    expect(last?.["anomaly_score"]).toBeCloseTo((10 - 6) / (1.4826 * 2), 9);
  });

  test("stays as it is for the rest of the day, and measures what is unusual", async () => {
    const before = await versionsOf();
    await deliver("usual-3", "2026-11-20T10:11:00", [
      ...busy(20, 30),
      // A late one: the fifteenth had six edits, now seven.
      edit({
        ...plain("Busy", "Ada", "2026-11-15T10:05:00.000"),
        revision_old: 15_900,
        revision_new: 15_901,
        length_new: 2599,
      }),
    ]);
    expect(await versionsOf()).toBe(before);
    const scores = await Promise.all(
      [
        ["global", "scope = 'enwiki'"],
        ["user", "user_normalized = 'Ada'"],
        ["entity", "title = 'Busy'"],
      ].map(([table, where]) =>
        spark.sql(
          `select edit_count, is_anomaly, round(anomaly_score, 6) as z from lake.usual_gold.${table}_metrics_10min
          where ${where} and window_start = timestamp_ntz'2026-11-20 10:00:00'`,
        ),
      ),
    );
    const expected = { edit_count: 30, is_anomaly: true, z: Number((23.5 / 2.9652).toFixed(6)) };
    expect(scores).toEqual([[expected], [expected], [expected]]);
  });

  test("takes in what arrived late with the next day", async () => {
    await deliver("usual-4", "2026-11-21T00:20:00", [edit(plain("Night", "Zed", "2026-11-21T00:01:00.000"))]);
    // 3, 4, 5, 7, 7, 8, 9, 10: the distances from 7 are 0, 0, 1, 2, 2, 3, 3, 4.
    expect(await read(ofHour(19, "edits_10min"))).toMatchObject([{ median: 7, mad: 2, sample_count: 8 }]);
    expect(await read(ofHour(20, "edits_10min"))).toMatchObject([{ median: 7, sample_count: 9 }]);
    const [again] = await spark.sql(
      `select round(anomaly_score, 6) as z from lake.usual_gold.global_metrics_10min
      where scope = 'enwiki' and window_start = timestamp_ntz'2026-11-20 10:00:00'`,
    );
    expect(again).toEqual({ z: Number((23 / 2.9652).toFixed(6)) });
  });
});
