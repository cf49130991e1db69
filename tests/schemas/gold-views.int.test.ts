import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { applyViews } from "../../handlers/migrate/apply-tables.ts";
import { readViewFiles } from "../../handlers/migrate/ddl-files.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { type LakeRoom, openLakeRoom } from "../lib/lake/lake-room.ts";

// The engines' first statements of a kind take seconds while other programs compete for the cores.
jest.setTimeout(300_000);

const root = join(import.meta.dirname, "../..");
const gold = "wikilake_local_gold";
const config = {
  WORKGROUP: "wikilake-local-write",
  DATABASE_PREFIX: "wikilake_local",
  LAKE_BUCKET: "wikilake-local-lake",
};

let room: LakeRoom;
beforeAll(async () => {
  room = await openLakeRoom();
  await room.migrate();
  const views = readViewFiles(root).filter(({ file }) =>
    /gold\.(historical_hourly|platform_health|watchlist_now)/.test(file),
  );
  const log = createLogger({ write: () => undefined });
  expect(
    await applyViews({ engine: room.engine, clock: systemClock, newUuid: randomUUID, log, config }, views),
  ).toHaveLength(4);
});
afterAll(() => room?.close());

const hour = (text: string): string => `TIMESTAMP '${text}:00.000000'`;

describe("hours of history", () => {
  const stats = (date: string, time: number, domain: string, events: number, bytes: number, bots: number): string =>
    `('${date}', ${time}, '${domain}', 'europe', ${hour(`${date} ${String(time).padStart(2, "0")}:00`)}, ${events}, ${bytes}, ${bots})`;
  const insert = (rows: readonly string[]): Promise<unknown> =>
    room.run(
      `INSERT INTO ${gold}.hourly_stats (stat_date, stat_hour, domain, region, hour_start, signal_events, signal_bytes, signal_bot_events) VALUES ${rows.join(", ")}`,
    );
  const trend = async (at: string): Promise<readonly (string | undefined)[] | undefined> =>
    (
      await room.sql(
        `SELECT total_events, total_bytes, events_24h_avg, bytes_24h_avg, hours_in_window FROM ${gold}.historical_hourly_trends WHERE hour_bucket = ${hour(at)}`,
      )
    )[0];

  beforeAll(async () => {
    await insert([
      stats("2026-11-20", 10, "de.wikipedia.org", 10, 100, 4),
      stats("2026-11-20", 10, "fr.wikipedia.org", 5, 50, 1),
      stats("2026-11-20", 12, "de.wikipedia.org", 6, 60, 6),
      stats("2026-11-21", 9, "de.wikipedia.org", 0, 0, 0),
      stats("2026-11-21", 10, "de.wikipedia.org", 24, 480, 0),
    ]);
  });

  test("patterns add up the domains of an hour", async () => {
    const rows = await room.sql(
      `SELECT format_datetime(hour_bucket, 'dd HH'), total_events, total_bytes, bot_events, human_events, avg_bytes FROM ${gold}.historical_hourly_patterns ORDER BY 1`,
    );
    expect(rows).toEqual([
      ["20 10", "15", "150", "5", "10", "10.0"],
      ["20 12", "6", "60", "6", "0", "10.0"],
      ["21 09", "0", "0", "0", "0", undefined],
      ["21 10", "24", "480", "0", "24", "20.0"],
    ]);
  });

  test("trends have every hour, and count one without events as 0", async () => {
    expect(await room.sql(`SELECT count(*) FROM ${gold}.historical_hourly_trends`)).toEqual([["25"]]);
    expect(await trend("2026-11-20 10:00")).toEqual(["15", "150", "15.0", "150.0", "1"]);
    expect(await trend("2026-11-20 11:00")).toEqual(["0", "0", "7.5", "75.0", "2"]);
    expect(await trend("2026-11-20 12:00")).toEqual(["6", "60", "7.0", "70.0", "3"]);
    // 24 hours, the first of them with events; then that one has left.
    expect(await trend("2026-11-21 09:00")).toEqual(["0", "0", "0.875", "8.75", "24"]);
    expect(await trend("2026-11-21 10:00")).toEqual(["24", "480", "1.25", "22.5", "24"]);
  });

  test("trends reach over years without events", async () => {
    await insert([stats("2016-06-27", 23, "de.wikipedia.org", 48, 48, 0)]);
    const hours = (Date.UTC(2026, 10, 21, 10) - Date.UTC(2016, 5, 27, 23)) / 3_600_000 + 1;
    expect(await room.sql(`SELECT count(*) FROM ${gold}.historical_hourly_trends`)).toEqual([[String(hours)]]);
    expect(await trend("2016-06-28 22:00")).toEqual(["0", "0", "2.0", "2.0", "24"]);
    expect(await trend("2026-11-21 10:00")).toEqual(["24", "480", "1.25", "22.5", "24"]);
  });
});

test("platform_health has both scores of each day", async () => {
  await room.run(
    `INSERT INTO ${gold}.daily_analytics_summary (summary_date, platform_health_score, platform_health_score_v2, is_complete, total_events) VALUES ('2026-11-20', 45.42, 72.5, true, 8), ('2026-11-21', NULL, NULL, false, 0)`,
  );
  expect(
    await room.sql(
      `SELECT summary_date, platform_health_score, platform_health_score_v2, is_complete, total_events FROM ${gold}.platform_health ORDER BY 1`,
    ),
  ).toEqual([
    ["2026-11-20", "45.42", "72.5", "true", "8"],
    ["2026-11-21", undefined, undefined, "false", "0"],
  ]);
});

test("watchlist_now shows the last window of each watched page, however long ago", async () => {
  const row = (page: string, at: string, isWatched: boolean, edits: number): string =>
    `(${hour(at)}, '${at.slice(0, 10)}', 'enwiki', '${page}', ${isWatched}, ${edits})`;
  await room.run(
    `INSERT INTO ${gold}.entity_metrics_10min (window_start, stat_date, wiki, title, is_watched, edit_count) VALUES ${[
      row("Busy", "2026-11-20 23:50", true, 1),
      row("Busy", "2026-11-21 00:10", true, 2),
      row("Quiet", "2026-10-01 10:00", true, 3),
      row("Other", "2026-11-21 00:10", false, 9),
    ].join(", ")}`,
  );
  expect(await room.sql(`SELECT title, edit_count FROM ${gold}.watchlist_now ORDER BY title`)).toEqual([
    ["Busy", "2"],
    ["Quiet", "3"],
  ]);
});
