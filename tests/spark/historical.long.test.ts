import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { at, commons, DailyLake, de, history, userDaily } from "./daily-lake.ts";
import { edit } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

describe("the historical lists", () => {
  const lake = new DailyLake(() => spark, "past", [...userDaily, ...history]);
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
      ...on("2026-10-01", 3, { user: "Ada" }),
      ...on("2026-10-01", 1, { ...de, user: "Bob" }),
      ...on("2026-10-08", 2, { ...de, user: "Bob" }),
      ...on("2026-10-08", 1, { user: "Cleo", is_bot: true }),
      ...on("2026-10-30", 1, { ...commons, user: "Dora" }),
    ]);
    expect(await contributors("2026-10-08", 7)).toEqual([
      [1, "Bob", false, 2, 200],
      [2, "Cleo", true, 1, 100],
    ]);
    expect(await contributors("2026-10-08", 30)).toEqual([
      [1, "Ada", false, 3, 300],
      [2, "Bob", false, 3, 300],
      [3, "Cleo", true, 1, 100],
    ]);
    expect(await contributors("2026-10-30", 1)).toEqual([[1, "Dora", false, 1, 100]]);
    expect(await contributors("2026-10-30", 30)).toHaveLength(4);
    expect(await servers("2026-10-08", 30)).toEqual([
      [1, "en.wikipedia.org", 4, 2, 1],
      [2, "de.wikipedia.org", 3, 1, 0],
    ]);
    expect(await servers("2026-10-30", 30)).toEqual([
      [1, "en.wikipedia.org", 4, 2, 1],
      [2, "de.wikipedia.org", 3, 1, 0.5],
      [3, "commons.wikimedia.org", 1, 1, 0],
    ]);
    expect(await languages("2026-10-08", 30)).toEqual([
      ["en", "wikipedia", 4, 1, 4 / 7],
      ["de", "wikipedia", 3, 0, 3 / 7],
    ]);
    expect(await languages("2026-10-08", 7)).toEqual([
      ["de", "wikipedia", 2, 0, 2 / 3],
      ["en", "wikipedia", 1, 1, 1 / 3],
    ]);
  });

  test("take up a late event in every period that holds its day, and never beyond the newest day", async () => {
    await lake.cycle(on("2026-10-02", 1, { ...de, user: "Bob" }));
    expect(await contributors("2026-10-02", 1)).toEqual([[1, "Bob", false, 1, 100]]);
    expect(await contributors("2026-10-02", 7)).toEqual([
      [1, "Ada", false, 3, 300],
      [2, "Bob", false, 2, 200],
    ]);
    expect(await contributors("2026-10-08", 7)).toEqual([
      [1, "Bob", false, 3, 300],
      [2, "Cleo", true, 1, 100],
    ]);
    expect((await contributors("2026-10-30", 30))[0]).toEqual([1, "Bob", false, 4, 400]);
    // Equal counts share a rank, and so a percentile.
    expect(await servers("2026-10-08", 30)).toEqual([
      [1, "de.wikipedia.org", 4, 1, 0],
      [1, "en.wikipedia.org", 4, 2, 0],
    ]);
    expect(await languages("2026-10-30", 30)).toEqual([
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
      expect(days.flat()).toEqual(["2026-10-01", "2026-10-02", "2026-10-08", "2026-10-30"]);
    }
  });

  test("name a hundred, and leave nobody out who belongs there when many days come at once", async () => {
    const many = new DailyLake(() => spark, "many", [...userDaily, "gold.historical_top_contributors"]);
    await spark.createLake(many.prefix);
    const name = (n: number): string => `User ${String(n).padStart(3, "0")}`;
    const days = ["2026-10-01", "2026-10-02", "2026-10-03"];
    // Two edits a day for 105 users, one a day for another, one in all for the last.
    const busy = days.flatMap((day) => Array.from({ length: 105 }, (_, n) => on(day, 2, { user: name(n) })).flat());
    const steady = days.flatMap((day) => on(day, 1, { user: "Aaron" }));
    const more = days.flatMap((day) => on(day, 1, { user: name(104), namespace: 4 }));
    await many.cycle([...busy, ...steady, ...more, ...on("2026-10-01", 1, { user: "Abel" })]);
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
