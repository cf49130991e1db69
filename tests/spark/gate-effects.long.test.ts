import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type OpsRecord, opsRecordSchema } from "../../lib/core/ops-record.ts";
import { edit, onPartition } from "./fixtures.ts";
import { bronzeGate } from "./gate-fixtures.ts";
import {
  type Evaluated,
  type Row,
  type RunRequest,
  type SparkHarness,
  startSparkHarness,
} from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

const silver = (prefix: string): string => `lake.${prefix}_silver.cleaned_events`;
const stage = (prefix: string, path: string): string => `${spark.folder}/stage-${prefix}/${path}`;

/** Rows left for ops-writer, as it would read them: a row that does not fit its schema throws. */
async function inbox(prefix: string, kind: OpsRecord["kind"], run: string): Promise<readonly Row[]> {
  const folder = stage(prefix, `ops-inbox/${kind}`);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(`${run}-`)).sort();
  const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, "utf8")));
  return texts.flatMap((text) => text.trim().split("\n")).map((line) => opsRecordSchema.parse(JSON.parse(line)).row);
}

/** Only what these tests look at, so that a run takes seconds. */
const onlySilver = ["--tables", "silver.cleaned_events"];
const run = async (prefix: string, runId: string, more: Partial<RunRequest> = {}): Promise<Row> =>
  spark.run({ prefix, runId, command: "silver", flags: onlySilver, ...more });

const statuses = async (prefix: string, runId: string): Promise<Row> => {
  const rows = await spark.sql(
    `select rule_id, status, evidence from lake.${prefix}_dq_audit.quality_results where run_id = '${runId}'`,
  );
  return Object.fromEntries(rows.map((row) => [String(row["rule_id"]), row["status"]]));
};

describe("drift", () => {
  const days = [13, 14, 15, 16, 17, 18, 19].map((day) => `2026-11-${day}`);
  const usual = {
    raw_events: {
      rows: 100_000,
      "null:request_id": 100_000,
      "null:rc_id": 100_000,
      "volume_rows:10": 200_000,
      "volume_minutes:10": 100,
    },
    cleaned_events: { rows: 100_000, "event_type=edit": 100_000, "is_bot=false": 100_000, "region=americas": 100_000 },
  };
  const ordinary = (count: number, fields: Row = {}): readonly Row[] =>
    Array.from({ length: count }, (_, n) => edit({ user: n % 5 === 0 ? "192.0.2.1" : `User ${n}`, ...fields }));
  const strange = { event_type: "categorize", is_bot: true, length_old: null, length_new: null, revision_new: null };

  test("of volume and nulls warns, of the mix stops, each with a notice, and a gap row says what is missing", async () => {
    await spark.createLake("drift");
    await mkdir(stage("drift", "control"), { recursive: true });
    const history = { version: 1, runs: 700, days: Object.fromEntries(days.map((day) => [day, usual])) };
    await writeFile(stage("drift", "control/baselines.json"), JSON.stringify(history));
    await spark.appendBronze("drift", onPartition(ordinary(1100)));
    expect(await run("drift", "drift-1")).toEqual({ exit: 0 });
    expect(await statuses("drift", "drift-1")).toMatchObject({
      "S-15.warn": "PASSED",
      "B-15": "PASSED",
      "B-14.z": "PASSED",
    });
    const learned = JSON.parse(await readFile(stage("drift", "control/baselines.json"), "utf8"));
    expect(learned).toMatchObject({
      runs: 701,
      days: { "2026-11-20": { cleaned_events: { rows: 1100, "is_bot=false": 1100 } } },
    });

    const odd = ordinary(1100, { ...strange, event_timestamp: "2026-11-20T10:10:00.000", request_id: "r" });
    await spark.appendBronze("drift", onPartition(odd, 1100));
    expect(await run("drift", "drift-2")).toEqual({ exit: 3 });
    const warned = { "B-14.z": "WARNED", "B-14.ratio": "WARNED", "B-15": "WARNED", "S-15.warn": "WARNED" };
    expect(await statuses("drift", "drift-2")).toMatchObject({ ...warned, "S-15.fail": "FAILED" });
    expect(await inbox("drift", "feed_gaps", "drift-2")).toMatchObject([
      {
        kind: "rate_drop",
        gap_start: "2026-11-20T10:00:00.000Z",
        gap_end: "2026-11-20T10:10:00.000Z",
        expected_events: 20_000,
        missing_events: 18_900,
      },
    ]);
    const notices = (await inbox("drift", "alerts", "drift-2")).map((row) => [
      row["rule"],
      row["dedupe_key"],
      row["state"],
    ]);
    expect(notices).toEqual(
      expect.arrayContaining([
        ["A-01", "silver_dq/cleaned_events", "firing"],
        ["A-02", "raw_events/B-15", "firing"],
        ["A-02", "cleaned_events/S-15.warn", "firing"],
      ]),
    );
    const profiled = await spark.sql(
      "select distinct column_name from lake.drift_dq_audit.profile_metrics where run_id = 'drift-2' and metric_name = 'psi' order by 1",
    );
    expect(profiled.map((row) => row["column_name"])).toEqual(["event_type", "is_bot", "region"]);
    // A refused candidate is nobody's measure.
    expect(JSON.parse(await readFile(stage("drift", "control/baselines.json"), "utf8")).runs).toBe(701);
  });

  test("is judged by the profiles where the baseline is gone, and by nothing, which fails, where those are gone too", async () => {
    await rm(stage("drift", "control/baselines.json"));
    await spark.sql("delete from lake.drift_dq_audit.profile_metrics where true");
    expect(await run("drift", "drift-3")).toEqual({ exit: 3 });
    const found = await statuses("drift", "drift-3");
    expect(found).toMatchObject({ "B-14.z": "WARNED", "B-15": "WARNED", "S-15.fail": "FAILED" });
    // A person says that it is to begin anew.
    await writeFile(stage("drift", "control/baselines.json"), JSON.stringify({ version: 1, runs: 0, days: {} }));
    await rm(stage("drift", "control/.baselines.json.crc"));
    await rm(stage("drift", "control/pipeline.json"), { force: true });
    expect(await run("drift", "drift-4")).toEqual({ exit: 0 });
    const notices = (await inbox("drift", "alerts", "drift-4")).map((row) => [
      row["rule"],
      row["dedupe_key"],
      row["state"],
    ]);
    expect(notices).toContainEqual(["A-01", "silver_dq/cleaned_events", "resolved"]);
  });
});

test("a hole is put on the gap ledger; once it is there the cycle goes on, by the other engine as well", async () => {
  await spark.createLake("holes");
  const rows = onPartition([edit(), edit(), edit(), edit(), edit()]);
  await spark.appendBronze(
    "holes",
    rows.filter((_, index) => index < 1 || index > 2),
  );
  expect(await run("holes", "holes-1", { extra: { thresholds: { "dq.engine": "sql" } } })).toEqual({ exit: 3 });
  const [gap] = await inbox("holes", "feed_gaps", "holes-1");
  expect(gap).toMatchObject({ kind: "offset_hole", status: "open", source: "kafka", missing_events: 2 });
  const place = { topic: "raw-events", partition: 0, first_offset: 1, last_offset: 2 };
  expect(JSON.parse(String(gap?.["evidence"]))).toEqual(place);
  await spark.sql(
    `insert into lake.holes_ops.feed_gaps select '${gap?.["gap_id"]}', 'kafka', 'raw-events', 'offset_hole', 'open', null, null, null,
       null, null, null, null, null, '${JSON.stringify(place)}', '2026-11'`,
  );
  // One of the two turns up after all, refused: it counts once.
  await spark.sql(
    `insert into lake.holes_bronze.dead_letter
     select 'd', timestamp_ntz'2026-11-20 10:00:02', 'bronze_writer', 'invalid_json', '', null, null, 'raw-events', 0, 1L,
       timestamp_ntz'2026-11-20 10:00:01', '', 1L, false, 1, 'open', null, '2026-11-20', '1.0.0'`,
  );
  expect(await run("holes", "holes-2")).toEqual({ exit: 0 });
  const engines = await spark.sql(
    "select distinct run_id, engine_version from lake.holes_dq_audit.quality_results order by 1",
  );
  expect(engines.map((row) => String(row["engine_version"]).split(" ")[0])).toEqual(["spark", "deequ"]);
});

test("answers of the engine in another order and without blanks are the same answers", async () => {
  const ask = async (views: Row): Promise<Evaluated> => {
    const rules = ((await spark.call("rules", { ruleset: bronzeGate.ruleset })) as readonly Row[]).map(
      (rule) => rule["id"],
    ); // the harness's shape
    const ordered = Object.entries({ ...bronzeGate.good, ...views }).sort(
      ([a], [b]) => Number(b === "primary") - Number(a === "primary"),
    );
    const fields = { ruleset: bronzeGate.ruleset, views: ordered, rules, sources: [], disorder: true };
    return (await spark.call("evaluate", fields)) as Evaluated; // idem
  };
  expect(new Set(Object.values(await ask({})).map(([outcome]) => outcome))).toEqual(new Set(["passed"]));
  const broken = Object.entries(await ask(bronzeGate.bad["B-08"]?.[0] ?? {}));
  expect(broken.filter(([, [outcome]]) => outcome !== "passed").map(([rule]) => rule)).toEqual(["B-08"]);
});

test("stale rows go to quarantine where the policy says so, and every row is still accounted for", async () => {
  await spark.createLake("stale");
  const live = { source_kind: "live", bronze_processed_at: "2026-11-20T10:00:02.000" };
  await spark.appendBronze(
    "stale",
    onPartition([edit(live), edit({ ...live, event_timestamp: "2026-11-20T08:59:00.000" })]),
  );
  const extra = { thresholds: { "silver.stale_policy": "quarantine" } };
  expect(await run("stale", "stale-1", { flags: [...onlySilver, "--mode", "catchup"], extra })).toEqual({ exit: 0 });
  expect(await spark.sql(`select count(*) as n, count_if(is_stale) as stale from ${silver("stale")}`)).toEqual([
    { n: 1, stale: 0 },
  ]);
  expect(await spark.sql("select rule_id from lake.stale_dq_audit.quarantine")).toEqual([{ rule_id: "RS-4" }]);
  expect(await statuses("stale", "stale-1")).toMatchObject({ "S-02": "PASSED" });
});

test("of two runs at once one publishes and the other gives up, and nothing is doubled", async () => {
  await spark.createLake("both");
  await spark.appendBronze("both", onPartition([edit(), edit()]));
  const args = [
    "silver",
    "--database-prefix",
    "both",
    "--run-id",
    "both-inner",
    "--stage-uri",
    stage("both", "").slice(0, -1),
    ...onlySilver,
  ];
  const extra = { nested: { at: "silver_judged", args }, may_fail: true };
  expect(await run("both", "both-outer", { extra })).toEqual({
    exit: 1,
    error: expect.any(String),
    nested: { exit: 0 },
  });
  expect(await spark.sql(`select count(*) as n, count(distinct event_id) as ids from ${silver("both")}`)).toEqual([
    { n: 2, ids: 2 },
  ]);
  const notices = (await inbox("both", "alerts", "both-outer")).map((row) => [row["rule"], row["state"]]);
  expect(notices).toContainEqual(["A-03", "firing"]);
  expect(await run("both", "both-last")).toEqual({ exit: 0 });
  expect(await spark.sql(`select count(*) as n from ${silver("both")}`)).toEqual([{ n: 2 }]);
});

test("gold tells of risky editors of the day and of the newest whole window, addresses by their network only", async () => {
  await spark.sql("create namespace if not exists lake.told_gold");
  await spark.sql(
    `create table lake.told_gold.risk_scores using iceberg partitioned by (stat_date) as
     select '2026-11-20' as stat_date, 'user' as entity_type, entity_id, user_kind, model_version, risk_score, 'HIGH' as risk_level,
       alert_triggered, timestamp_ntz'2026-11-20 10:12:00' as gold_processed_at
     from values ('192.0.2.77', 'ip', 'v2', 91.0D, true), ('<i>Ada</i>', 'registered', 'v2', 75.0D, true),
       ('Bob', 'registered', 'v1', 80.0D, true), ('Eve', 'registered', 'v2', 80.0D, false)
       as t(entity_id, user_kind, model_version, risk_score, alert_triggered)`,
  );
  await spark.sql(
    `create table lake.told_gold.global_metrics_10min using iceberg partitioned by (stat_date) as
     select '2026-11-20' as stat_date, scope, at as window_start, at + interval 10 minutes as window_end, edits as edit_count, 7.5D as anomaly_score, odd as is_anomaly
     from values ('*', timestamp_ntz'2026-11-20 09:50:00', 500L, false), ('*', timestamp_ntz'2026-11-20 10:00:00', 9000L, true),
       ('*', timestamp_ntz'2026-11-20 10:10:00', 10L, false), ('enwiki', timestamp_ntz'2026-11-20 10:00:00', 1L, false)
       as t(scope, at, edits, odd)`,
  );
  const ask = (processed_at: string, newest: string): Promise<unknown> =>
    spark.call("gold_notices", { prefix: "told", processed_at, newest });
  expect(await ask("2026-11-20 10:12:00", "2026-11-20T10:11:00")).toEqual([
    ["A-15", "user:192.0.2.0/24/2026-11-20", { risk_score: 91, risk_level: "HIGH", run_id: "r" }],
    ["A-15", "user:&lt;i&gt;Ada&lt;/i&gt;/2026-11-20", { risk_score: 75, risk_level: "HIGH", run_id: "r" }],
    ["A-18", "*", { window_start: "2026-11-20 10:00:00", edit_count: 9000, anomaly_score: 7.5 }],
  ]);
  // Nothing new of anybody, and the last whole window was an ordinary one: what was firing is over.
  expect(await ask("2026-11-20 10:20:00", "2026-11-20T10:05:00")).toEqual([["A-18", "*", null]]);
});

describe("a reader who looks all the while", () => {
  const tables = ["--tables", "silver.cleaned_events,silver.reverts,gold.hourly_stats"];
  const watch = [
    `select count(*), count_if(title = 'Poison') from lake.readers_silver.cleaned_events`,
    `select coalesce(sum(total_events), 0), count_if(domain = 'poison.example.org') from lake.readers_gold.hourly_stats`,
  ];
  const cycle = (runId: string, extra: Row = {}): Promise<Row> =>
    spark.run({ prefix: "readers", runId, flags: tables, extra: { watch, ...extra } });
  const sawOnly = (answer: Row, allowed: readonly unknown[]): void => {
    expect(Number(answer["looks"])).toBeGreaterThan(2);
    for (const seen of answer["seen"] as readonly unknown[]) expect(allowed).toContainEqual(seen); // the harness's own shape
  };
  const state = (inSilver: number, inGold: number): unknown => [[[inSilver, 0]], [[inGold, 0]]];

  test("never sees a row of silver that its gate has not passed", async () => {
    await spark.createLake("readers");
    await spark.appendBronze("readers", onPartition([edit(), edit()]));
    expect(await spark.run({ prefix: "readers", runId: "readers-0", flags: tables })).toEqual({ exit: 0 });
    // Silver refuses: both layers stay as they are.
    const poison = edit({ title: "Poison", domain: "en.wikipedia.org", server_name: "de.wikipedia.org" });
    await spark.appendBronze("readers", onPartition([edit(), poison], 2));
    const refused = await cycle("readers-1");
    expect(refused["exit"]).toBe(3);
    sawOnly(refused, [state(2, 2)]);
  });

  test("never sees a row of gold that its gate has not passed", async () => {
    // Gold refuses: silver goes on, gold stays.
    await spark.createLake("readers2");
    const later = onPartition([edit(), edit(), edit()]);
    await spark.appendBronze("readers2", later);
    const watch2 = watch.map((query) => query.replace("readers_", "readers2_"));
    await spark.run({ prefix: "readers2", runId: "readers2-0", flags: tables });
    await spark.appendBronze("readers2", onPartition([edit(), edit()], 3));
    const request = { prefix: "readers2", flags: tables };
    const broken = { watch: watch2, thresholds: { "dq.gold.silver_ratio": 2 } };
    const stopped: Row = await spark.run({ ...request, runId: "readers2-1", extra: broken });
    expect(stopped["exit"]).toBe(3);
    sawOnly(stopped, [state(3, 3), state(5, 3)]);
    // All pass: each layer changes once, in one step.
    const passed: Row = await spark.run({ ...request, runId: "readers2-2", extra: { watch: watch2 } });
    expect(passed["exit"]).toBe(0);
    sawOnly(passed, [state(5, 3), state(5, 5)]);
  });
});
