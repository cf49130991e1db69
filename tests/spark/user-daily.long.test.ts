import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { at, DailyLake, de, noLength, userDaily } from "./daily-lake.ts";
import { edit } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

describe("user_daily", () => {
  const lake = new DailyLake(() => spark, "users", userDaily);
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
