import { beforeEach, describe, expect, test } from "@jest/globals";
import { runLive } from "../../../handlers/live-metrics/run-live.ts";
import { liveStateKey } from "../../../lib/lake/live-state.ts";
import { minuteOf } from "../../../lib/lake/live-windows.ts";
import { createFakeLake } from "./fake-lake.ts";

const startMs = Date.UTC(2026, 10, 21, 12, 0, 0);
const deadlineMs = startMs + 280_000;
const tables = ["traffic_1min", "namespace_counts_1min", "user_edit_counts", "page_edit_counts", "blacklist_hits"];
const minute = minuteOf(startMs) - 1;

let lake: ReturnType<typeof createFakeLake>;
beforeEach(() => {
  lake = createFakeLake(startMs);
});

const run = () => runLive(lake.deps, deadlineMs);
const state = async () => {
  const stored = await lake.store.get(liveStateKey);
  return JSON.parse(new TextDecoder().decode(stored?.body ?? new Uint8Array()));
};
const put = async (key: string, value: unknown) => {
  await lake.store.delete(key);
  await lake.store.putIfAbsent(key, new TextEncoder().encode(JSON.stringify(value)));
};

describe("a run", () => {
  test("without new rows writes nothing", async () => {
    expect(await run()).toEqual({ kind: "idle" });
    expect(lake.merged()).toEqual([]);
    expect(lake.metrics).toEqual([]);
  });

  test("replaces the windows that got rows and the last fifteen minutes in every table, one statement a table", async () => {
    lake.answers.around = [startMs - 30_000, [minute, minute - 600]];
    expect(await run()).toMatchObject({ kind: "done", minutes: 16, left: 0, rows: 10, newestMs: startMs - 30_000 });
    expect(lake.merged()).toEqual(tables);
    const [merge = ""] = lake.requests.map(({ sql }) => sql).filter((sql) => sql.startsWith("MERGE"));
    expect(merge).toContain(
      "TIMESTAMP '2026-11-21 01:59:00.000' AND event_timestamp < TIMESTAMP '2026-11-21 02:00:00.000'",
    );
    expect(merge).toContain(
      "TIMESTAMP '2026-11-21 11:45:00.000' AND event_timestamp < TIMESTAMP '2026-11-21 12:00:00.000'",
    );
    expect(lake.metrics.map(({ name }) => name)).toEqual([
      "LiveMinutes",
      "LiveMinutesLeft",
      "LiveRowsChanged",
      "LiveDuration",
    ]);
  });

  test("leaves rows alone that are a day behind the newest event", async () => {
    lake.answers.around = [startMs, [minute, minuteOf(startMs) - 1440]];
    await run();
    expect((await state()).open).toEqual([]);
    expect(lake.requests.some(({ sql }) => sql.startsWith("MERGE") && sql.includes("'2026-11-20'"))).toBe(false);
  });

  test("asks the metadata where a replay put its rows, and never opens other days", async () => {
    const then = Date.UTC(2016, 5, 27, 12, 0, 0);
    lake.answers.partition = ["2016-06-27", "12"];
    lake.answers.elsewhere = [then + 60_000, [minuteOf(then), minuteOf(then) + 1]];
    expect(await run()).toMatchObject({ kind: "done", newestMs: then + 60_000 });
    const probe = lake.requests.map(({ sql }) => sql).filter((sql) => sql.startsWith("SELECT CAST"))[1] ?? "";
    expect(probe).toContain("event_date IN ('2016-06-26') AND event_hour IN (12, 13");
    expect(probe).not.toContain("2026-11-21') AND event_hour");
  });

  test("lets a replay of days long past to gold, once there are newer events", async () => {
    lake.answers.around = [startMs, [minute]];
    await run();
    lake.reset();
    lake.answers.around = undefined;
    lake.answers.partition = ["2016-06-27", "12"];
    lake.answers.elsewhere = [Date.UTC(2016, 5, 27, 12), [1]];
    expect(await run()).toEqual({ kind: "idle" });
    expect(lake.merged()).toEqual([]);
  });
});

describe("the mark", () => {
  const mark = (sql: string): string => /bronze_processed_at > TIMESTAMP '([^']+)'/.exec(sql)?.[1] ?? "";

  test("begins with everything and then stays five minutes behind the last look", async () => {
    await run();
    expect(mark(lake.requests[0]?.sql ?? "")).toBe("1970-01-01 00:00:00.000");
    lake.advance(60_000);
    lake.reset();
    await run();
    expect(mark(lake.requests[0]?.sql ?? "")).toBe("2026-11-21 11:55:00.000");
  });

  test("waits for batches that are staged but not committed yet, for an hour at most", async () => {
    await put("pending/bronze/a.raw_events", {});
    lake.advance(30 * 60_000);
    await runLive(lake.deps, deadlineMs + 3_600_000);
    expect((await state()).seenUntilMs).toBe(startMs - 300_000);
    lake.advance(60 * 60_000);
    await runLive(lake.deps, deadlineMs + 36_000_000);
    expect((await state()).seenUntilMs).toBe(startMs + 90 * 60_000 - 3_600_000 - 300_000);
  });
});

describe("a run that fails", () => {
  test("leaves its windows to the next one, though nothing new came", async () => {
    lake.answers.around = [startMs, [minute, minute - 100]];
    lake.answers.fails = /MERGE INTO "wikilake_test_live"."page_edit_counts"/;
    await expect(run()).rejects.toMatchObject({ code: "STATEMENT_FAILED", retriable: true });
    lake.answers.fails = undefined;
    lake.answers.around = undefined;
    lake.reset();
    expect(await run()).toMatchObject({ kind: "done", minutes: 16, left: 0 });
    expect(lake.merged()).toEqual(tables);
  });

  test("names the engine's code and no statement in its error", async () => {
    lake.answers.around = [startMs, [minute]];
    lake.answers.fails = /MERGE/;
    await expect(run()).rejects.toThrow(/^statement FAILED ICEBERG_COMMIT_ERROR$/);
  });

  test("stops a statement at the deadline and keeps others out until it can no longer land", async () => {
    lake.answers.around = [startMs, [minute]];
    lake.answers.hangs = /traffic_1min/;
    await expect(run()).rejects.toMatchObject({ code: "STATEMENT_TOO_LATE" });
    expect(lake.stopped).toHaveLength(1);
    expect(await run()).toEqual({ kind: "busy" });
    lake.answers.hangs = undefined;
    lake.advance(61_000);
    expect(await runLive(lake.deps, deadlineMs + 400_000)).toMatchObject({ kind: "done" });
  });
});

describe("a backlog", () => {
  test("is worked off in pieces, newest first, and what is left waits", async () => {
    lake.answers.around = [startMs, Array.from({ length: 700 }, (_, index) => minuteOf(startMs) - index)];
    lake.answers.hangs = undefined;
    const slow = { ...lake.deps, rules: { ...lake.deps.rules, minutesPerStatement: 300 } };
    expect(await runLive(slow, deadlineMs)).toMatchObject({ minutes: 700, left: 0 });
    expect(lake.merged()).toEqual([...tables, ...tables, ...tables]);
    const [first = ""] = lake.requests.map(({ sql }) => sql).filter((sql) => sql.startsWith("MERGE"));
    expect(first).toContain("< TIMESTAMP '2026-11-21 12:01:00.000'");
  });
});

describe("what the engine cannot take at once", () => {
  const scattered = Array.from({ length: 40 }, (_, index) => minute - 2 * index);

  test("is given to it in halves", async () => {
    lake.answers.around = [startMs, scattered];
    lake.answers.longest = 12_000;
    expect(await run()).toMatchObject({ kind: "done", left: 0 });
    expect(lake.merged().length).toBeGreaterThan(tables.length * 2);
  });

  test("fails when a single window is too much, and stays open", async () => {
    lake.answers.around = [startMs, scattered];
    lake.answers.longest = 10;
    await expect(run()).rejects.toMatchObject({ code: "STATEMENT_FAILED", retriable: false });
  });
});

describe("runs at once", () => {
  test("are one: the other finds it busy and leaves, also while the first one has not begun to write", async () => {
    lake.answers.around = [startMs, [minute]];
    const outcomes = await Promise.all([run(), run(), run()]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["busy", "busy", "done"]);
    expect(lake.merged()).toEqual(tables);
  });

  test("give way to a new one when a run died and its lease is over", async () => {
    await put(liveStateKey, {
      version: 1,
      seenUntilMs: 0,
      newestMs: startMs,
      open: [minute],
      compactedHour: 0,
      leaseUntilMs: startMs + 1,
      holder: "",
    });
    expect(await run()).toEqual({ kind: "busy" });
    lake.advance(2);
    expect(await run()).toMatchObject({ kind: "done", minutes: 1 });
  });

  test("one that lost its lease writes nothing down any more", async () => {
    lake.answers.around = [startMs, [minute]];
    const { engine } = lake.deps;
    const start: typeof engine.start = async (request) => {
      if (request.sql.startsWith("MERGE")) await put(liveStateKey, { ...(await state()), leaseUntilMs: startMs * 2 });
      return engine.start(request);
    };
    await expect(runLive({ ...lake.deps, engine: { ...engine, start } }, deadlineMs)).rejects.toMatchObject({
      code: "LIVE_STATE_LOST",
    });
    expect((await state()).leaseUntilMs).toBe(startMs * 2);
  });
});

test("small files are joined once an hour, after the tables are current", async () => {
  lake.answers.around = [startMs, [minute]];
  await run();
  expect(lake.requests.some(({ sql }) => sql.startsWith("OPTIMIZE"))).toBe(false);
  lake.advance(3_600_000);
  lake.reset();
  await runLive(lake.deps, deadlineMs + 3_600_000);
  expect(lake.requests.filter(({ sql }) => sql.startsWith("OPTIMIZE"))).toHaveLength(5);
  lake.reset();
  await runLive(lake.deps, deadlineMs + 3_600_000);
  expect(lake.requests.some(({ sql }) => sql.startsWith("OPTIMIZE"))).toBe(false);
});

test("a write whose answer was lost is known again as the run's own", async () => {
  lake.answers.around = [startMs, [minute]];
  const { store } = lake.deps;
  const again =
    <Args extends readonly unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      await call(...args);
      return call(...args); // what the store's retry meets
    };
  const unlucky = { ...store, putIfAbsent: again(store.putIfAbsent), putIfMatch: again(store.putIfMatch) };
  expect(await runLive({ ...lake.deps, store: unlucky }, deadlineMs)).toMatchObject({ kind: "done" });
  expect((await state()).leaseUntilMs).toBe(0);
});
