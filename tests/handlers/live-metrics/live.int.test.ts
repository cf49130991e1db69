import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readLiveRules } from "../../../handlers/live-metrics/rule-files.ts";
import { runLive } from "../../../handlers/live-metrics/run-live.ts";
import { applyViews } from "../../../handlers/migrate/apply-tables.ts";
import { readViewFiles } from "../../../handlers/migrate/ddl-files.ts";
import type { BatchEntry } from "../../../lib/core/batch.ts";
import { commitBronze } from "../../../lib/lake/commit-bronze.ts";
import { liveStateKey } from "../../../lib/lake/live-state.ts";
import { createLogger } from "../../../lib/platform/logger.ts";
import { judgeRecord } from "../../../lib/steps/judge-record.ts";
import { toBronzeRow } from "../../../lib/steps/to-bronze-row.ts";
import {
  blacklistHitsColumns,
  type Columns,
  namespaceCountsColumns,
  pageEditCountsColumns,
  trafficColumns,
  userEditCountsColumns,
} from "../../../schemas/tables/columns.ts";
import { record } from "../../lib/lake/fixtures.ts";
import { databases, type LakeRoom, openLakeRoom } from "../../lib/lake/lake-room.ts";
import { type Edit, makeEdits } from "./edits.ts";
import {
  once,
  type Row,
  recountHits,
  recountNamespaces,
  recountPages,
  recountTraffic,
  recountUsers,
} from "./recount.ts";

// The engines' first statements of a kind take seconds while other programs compete for the cores.
jest.setTimeout(300_000);

const root = join(import.meta.dirname, "../../..");
const live = "wikilake_local_live";
const workgroup = "wikilake-local-write";
const log = createLogger({ write: () => undefined });
const noonMs = Date.UTC(2026, 10, 21, 12, 0, 0);
const minuteMs = 60_000;

let room: LakeRoom;
let nowMs = noonMs;
let nextOffset = 0;
/** Everything delivered so far. */
const delivered: Edit[] = [];

/** The writer stages these at `nowMs`, as records of one partition after another. */
async function deliver(edits: readonly Edit[]): Promise<void> {
  const entries = edits.map((edit): BatchEntry => {
    const of = record(JSON.stringify(edit), { offset: nextOffset++, timestampMs: nowMs });
    const verdict = judgeRecord(of.value, { sourceKind: "replay", nowMs, canary: "reject" });
    return { record: of, row: toBronzeRow(of, verdict, nowMs) };
  });
  expect(await commitBronze(room.deps(), entries, Date.now() + 120_000)).toEqual([]);
  delivered.push(...edits);
}

const clock = {
  now: () => nowMs,
  sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 100))),
};
const refresh = () =>
  runLive(
    {
      store: room.store,
      engine: room.engine,
      clock,
      rules: readLiveRules(root),
      databases: { bronze: databases.bronze, live },
      workgroup,
      newUuid: randomUUID,
      log,
      metrics: { put: () => undefined },
    },
    nowMs + 240_000,
  );

const absent = "\u2205";
/** All rows of a table, without the columns that say when they were written. */
async function rowsOf(table: string, columns: Columns): Promise<Row[]> {
  const names = columns.map(([name]) => name).filter((name) => !/_at$/.test(name));
  const texts = names.map((name) => `coalesce(CAST("${name}" AS varchar), '${absent}')`);
  const [[lines] = []] = await room.sql(
    `SELECT array_join(array_agg(${texts.join(" || chr(31) || ")}), chr(30)) FROM ${live}.${table}`,
  );
  return (lines ?? "")
    .split("\u001e")
    .filter(Boolean)
    .map((line) => {
      const cells = line.split("\u001f").map((cell) => (cell === absent ? undefined : cell));
      return Object.fromEntries(names.map((name, index) => [name, cells[index]]));
    });
}

const ordered = (rows: readonly Row[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();

/** What the tables should hold: everything delivered, once, less than a day behind the newest event. */
function counted(): Edit[] {
  const minute = ({ meta }: Edit): number => Math.floor(Date.parse(meta.dt) / minuteMs);
  const last = Math.max(...delivered.map(minute));
  return once(delivered).filter((edit) => minute(edit) > last - 1440);
}

const tables = [
  ["traffic_1min", trafficColumns, recountTraffic],
  ["namespace_counts_1min", namespaceCountsColumns, recountNamespaces],
  ["user_edit_counts", userEditCountsColumns, recountUsers],
  ["page_edit_counts", pageEditCountsColumns, recountPages],
  ["blacklist_hits", blacklistHitsColumns, recountHits],
] as const;

async function expectRecounted(): Promise<void> {
  for (const [table, columns, recount] of tables) {
    const expected = ordered(recount(counted()));
    expect(expected.length).toBeGreaterThan(0);
    const found = ordered(await rowsOf(table, columns));
    expect({ table, rows: found }).toEqual({ table, rows: expected });
  }
}

async function snapshots(): Promise<string[]> {
  const parts = tables.map(([table]) => `SELECT '${table}' AS t, count(*) AS n FROM ${live}."${table}$snapshots"`);
  const rows = await room.sql(`SELECT t, n FROM (${parts.join(" UNION ALL ")}) ORDER BY t`);
  return rows.map((row) => row.join(" "));
}

const views = readViewFiles(root).map(({ file }) => file.replace(/^.*\/|\.sql$/g, ""));

beforeAll(async () => {
  room = await openLakeRoom();
  await room.migrate();
});
afterAll(() => room?.close());

describe("the views", () => {
  const config = { WORKGROUP: workgroup, DATABASE_PREFIX: "wikilake_local", LAKE_BUCKET: "unused" };
  const apply = () => applyViews({ engine: room.engine, clock, newUuid: randomUUID, log, config }, readViewFiles(root));

  test("are made from their files, and made again", async () => {
    expect(await apply()).toHaveLength(views.length);
    expect(await apply()).toHaveLength(views.length);
  });

  test.each(views)("%s answers while every table is empty", async (view) => {
    expect(await room.sql(`SELECT count(*) FROM wikilake_local_${view}`)).toHaveLength(1);
  });
});

describe("the live tables", () => {
  test("stay empty while bronze is", async () => {
    expect(await refresh()).toEqual({ kind: "idle" });
  });

  test("are what an independent recount of the events gives, repeats and all", async () => {
    const edits = makeEdits("first", 1, 1500, noonMs - 40 * minuteMs, noonMs);
    const old = makeEdits("yesterday", 2, 40, noonMs - 30 * 3_600_000, noonMs - 25 * 3_600_000);
    await deliver([...edits, ...edits.filter((_, index) => index % 10 === 0), ...old]);
    expect(await refresh()).toMatchObject({ kind: "done", left: 0 });
    await expectRecounted();
  });

  test("do not change by a second run: no row is rewritten, no snapshot made", async () => {
    const before = await snapshots();
    expect(await refresh()).toMatchObject({ kind: "done", rows: 0 });
    expect(await snapshots()).toEqual(before);
  });

  test("are corrected by events that come half an hour late, and only there", async () => {
    nowMs += minuteMs;
    const late = makeEdits("late", 3, 3, noonMs - 31 * minuteMs, noonMs - 30 * minuteMs);
    await deliver(late);
    const outcome = await refresh();
    expect(outcome).toMatchObject({ kind: "done", left: 0 });
    expect(outcome.kind === "done" && outcome.rows).toBeLessThanOrEqual(late.length * 5);
    await expectRecounted();
  });

  test("take the next minutes, and events of many hours ago, in one run", async () => {
    nowMs += 2 * minuteMs;
    await deliver([
      ...makeEdits("next", 4, 300, noonMs, nowMs),
      ...makeEdits("hours", 5, 50, noonMs - 20 * 3_600_000, noonMs - 3_600_000),
    ]);
    await refresh();
    await expectRecounted();
  });

  test("lose a row that the events do not bear out", async () => {
    const start = "TIMESTAMP '2026-11-21 12:00:00'";
    await room.run(`INSERT INTO ${live}.namespace_counts_1min VALUES (${start}, 4711, 1, ${start}, '2026-11-21')`);
    await refresh();
    await expectRecounted();
  });

  test("hold the same rows after their small files were joined", async () => {
    nowMs += 3_600_000;
    await refresh();
    await expectRecounted();
  });

  test("follow a replay of older events that lie far from the clock", async () => {
    await room.store.delete(liveStateKey);
    nowMs += 400 * 24 * 3_600_000;
    expect(await refresh()).toMatchObject({ kind: "done", left: 0 });
    await expectRecounted();
  });
});

describe("the views over rows", () => {
  const one = async (sql: string): Promise<readonly (string | undefined)[]> => (await room.sql(sql))[0] ?? [];
  const events = () => recountTraffic(counted()).reduce((total, row) => total + Number(row["event_count"]), 0);

  test.each(views.filter((view) => view.startsWith("live.")))("%s has rows", async (view) => {
    const startedMs = Date.now();
    const [rows] = await one(`SELECT count(*) FROM wikilake_local_${view}`);
    process.stdout.write(`${view}: ${rows} rows in ${Date.now() - startedMs} ms\n`);
    expect(Number(rows)).toBeGreaterThan(0);
  });

  test("count what the tables count", async () => {
    const total = String(events());
    expect(await one(`SELECT sum(event_count) FROM ${live}.realtime_traffic_volume`)).toEqual([total]);
    expect(await one(`SELECT sum(bot_events + human_events) FROM ${live}.user_distribution`)).toEqual([total]);
    expect(await one(`SELECT sum(edit_events + new_events + log_events) FROM ${live}.action_breakdown`)).toEqual([
      total,
    ]);
    expect(
      await one(`SELECT count_if(abs(events_per_second * 60 - event_count) > 1e-9) FROM ${live}.content_velocity`),
    ).toEqual(["0"]);
    expect(
      await one(`SELECT count_if(net_bytes <> bytes_added - bytes_removed) FROM ${live}.content_volume_change`),
    ).toEqual(["0"]);
    expect(await one(`SELECT max(rank), count(DISTINCT lookback_minutes) FROM ${live}.top_pages`)).toEqual(["50", "5"]);
    expect(
      await one(
        `SELECT count_if(users <> users_1 + users_2_4 + users_5_9 + users_10_49 + users_50_plus) FROM ${live}.user_engagement`,
      ),
    ).toEqual(["0"]);
  });

  test("show recent changes with their nine columns, talk pages and categories left out", async () => {
    const columns = await room.sql(`SHOW COLUMNS IN ${live}.realtime_recent_changes`);
    expect(columns.map(([name = ""]) => name.trim())).toEqual(
      "id event_time user title server_name is_bot type bytes_changed length_diff".split(" "),
    );
    expect(await one(`SELECT count(DISTINCT id) FROM ${live}.realtime_recent_changes`)).toEqual([String(events())]);
  });

  test("tell how old the newest rows are", async () => {
    const rows = await room.sql(
      "SELECT table_name, newest_event_at, age_s FROM wikilake_local_ops.freshness WHERE layer = 'bronze'",
    );
    expect(rows[0]?.[1]).toMatch(/^2026-11-21 12:0/);
  });
});
