import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { edit, onPartition } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";
import { riskCases } from "./risk-cases.ts";
import { baselineRows, before } from "./risk-rows.ts";
import { entityCases, shareBaseline } from "./risk-user-cases.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

/** Without the baselines' own table: these are put there by hand. */
const flags = [
  "--tables",
  "silver.cleaned_events,silver.reverts,silver.account_events,gold.hourly_stats,gold.edit_scores,gold.risk_scores",
];
const scores = "lake.risk_gold.edit_scores";

let spark: SparkHarness;
let stored: ReadonlyMap<string, Row>;
beforeAll(async () => {
  spark = await startSparkHarness();
  await spark.createLake("risk");
  // Tables come into being with the first cycle; nothing is as old as its day.
  await spark.appendBronze("risk", onPartition([edit({ event_timestamp: "2026-11-20T09:00:00.000" })]));
  expect(await spark.run({ prefix: "risk", runId: "risk-0", now: "2026-11-20T09:30:00.000" })).toEqual({ exit: 0 });
  for (const [wiki, metric, median, mad, p999] of [...baselineRows, shareBaseline])
    await spark.sql(
      `insert into lake.risk_gold.wiki_baselines (as_of_date, wiki, metric, hour_of_day, sample_count, median, mad, p95, p99, p999, gold_processed_at, schema_version)
       values ('2026-11-19', '${wiki}', '${metric}', -1, 1000, ${median}, ${mad}, ${p999}, ${p999}, ${p999}, timestamp_ntz'2026-11-20 09:30:00', '1.0.0')`,
    );
  await spark.appendBronze(
    "risk",
    onPartition(
      [...riskCases, ...entityCases].flatMap(({ rows }) => rows),
      1,
    ),
  );
  expect(await spark.run({ prefix: "risk", runId: "risk-1", now: "2026-11-20T23:30:00.000", flags })).toEqual({
    exit: 0,
  });
  stored = new Map((await spark.sql(`select * from ${scores}`)).map((row) => [String(row["event_id"]), row]));
});
afterAll(() => spark?.close());

const evidenceOf = (row: Row | undefined): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(row ?? {}).flatMap(([name, points]) =>
      name.startsWith("ev_") && points !== 0 ? [[name.slice(3), points]] : [],
    ),
  );

describe("the score of an edit", () => {
  test.each(riskCases.map((one) => [one.name, one] as const))("%s", (_, { rows, expected, score }) => {
    const row = stored.get(String(rows.at(-1)?.["event_id"]));
    expect(evidenceOf(row)).toEqual(expected);
    expect(row).toMatchObject({
      edit_score: score,
      edit_level: score >= 70 ? "HIGH" : score >= 40 ? "MEDIUM" : "LOW",
      model_version: "v2",
      reverted_within_48h: null,
      label_at: null,
    });
    const told = JSON.parse(String(row?.["evidence"])) as Record<string, { points: number }>; // as: what load.sql writes
    expect(Object.fromEntries(Object.entries(told).map(([name, { points }]) => [name, points]))).toEqual(expected);
  });

  test("is given to every edit without the bot flag, and to nothing else", async () => {
    const [row] = await spark.sql(
      `select count(*) as n, count_if(s.event_id is null) as missing from lake.risk_silver.cleaned_events e
       left join ${scores} s on s.event_id = e.event_id where e.event_type in ('edit', 'new') and not e.is_bot`,
    );
    expect(row).toEqual({ n: stored.size, missing: 0 });
  });
});

const evidenceById = async (prefix: string): Promise<ReadonlyMap<string, Row>> =>
  new Map(
    (await spark.sql(`select * from lake.${prefix}_gold.edit_scores`)).map((row) => [String(row["event_id"]), row]),
  );

describe("the score of a user, a page or a wiki on a day", () => {
  let entities: ReadonlyMap<string, Row>;
  beforeAll(async () => {
    const rows = await spark.sql("select * from lake.risk_gold.risk_scores");
    const key = (row: Row): string => [row["entity_type"], row["entity_id"], row["model_version"]].join(" ");
    entities = new Map(rows.filter((row) => row["stat_date"] === "2026-11-20").map((row) => [key(row), row]));
  });

  test.each(entityCases.map((one) => [one.name, one] as const))("%s", (_, { entity, v1, v2 }) => {
    for (const [model, expected] of Object.entries({ v1, v2 })) {
      const row = entities.get([...entity, model].join(" "));
      if (expected === null) expect(row).toBeUndefined();
      else if (expected !== undefined) expect(row).toMatchObject(expected);
    }
  });

  test("a burst plus deletions shows both pieces of evidence", () => {
    expect(JSON.parse(String(entities.get("user Busy C v1")?.["evidence"]))).toEqual({
      edits_per_hour: { value: 51, points: 40 },
      large_deletions: { value: 4, points: 30 },
      anonymous_share: { value: 0, points: 0 },
      domains_edited: { value: 1, points: 0 },
    });
  });

  test("never alerts on bots, on the trusted, or on being unregistered alone", () => {
    const alerted = [...entities.values()].filter(
      (row) => row["alert_triggered"] === true && row["model_version"] === "v2",
    );
    expect(alerted.map((row) => row["entity_id"]).sort()).toEqual(
      expect.arrayContaining(["enwiki:Target", "nowiki", "~2026-44444-4"]),
    );
    for (const row of alerted) {
      expect(row).toMatchObject({ risk_level: "HIGH", is_trusted: false });
      expect(Number(row["max_edit_score"])).toBeGreaterThan(25);
    }
  });
});

describe("what comes later", () => {
  const at = (seconds: number): string => before(seconds);
  const damage = edit({
    user: "Eve",
    title: "Late",
    event_timestamp: at(7200),
    revision_old: 10,
    revision_new: 11,
    length_new: 1300,
  });
  const next = edit({ user: "Eve", title: "Elsewhere", event_timestamp: at(3600), revision_old: 20, revision_new: 21 });
  const repair = edit({
    user: "Bob",
    title: "Late",
    event_timestamp: at(5400),
    revision_old: 11,
    revision_new: 12,
    length_old: 1300,
    length_new: 1000,
  });

  test("a revert that arrives after the user's next edit is evidence all the same, and a rebuild agrees", async () => {
    await spark.createLake("after");
    await spark.appendBronze("after", onPartition([damage, next]));
    expect(await spark.run({ prefix: "after", runId: "after-1", now: "2026-11-20T14:00:00.000" })).toEqual({ exit: 0 });
    expect(evidenceOf((await evidenceById("after")).get(String(next["event_id"])))).toEqual({});
    await spark.appendBronze("after", onPartition([repair], 2));
    expect(await spark.run({ prefix: "after", runId: "after-2", now: "2026-11-20T14:10:00.000" })).toEqual({ exit: 0 });
    const changed = await evidenceById("after");
    expect(evidenceOf(changed.get(String(next["event_id"])))).toEqual({ recent_reverted: 10 });
    expect(
      await spark.run({ prefix: "after", runId: "after-3", now: "2026-11-20T14:20:00.000", flags: ["--rebuild"] }),
    ).toEqual({ exit: 0 });
    const rebuilt = await evidenceById("after");
    for (const [id, row] of changed)
      expect({ ...rebuilt.get(id), gold_processed_at: 0 }).toEqual({ ...row, gold_processed_at: 0 });
  });

  test("two days later it is said what became of an edit, without calling the row changed", async () => {
    const far = edit({
      user: "Zoe",
      title: "Far",
      event_timestamp: "2026-11-23T00:00:00.000",
      bronze_processed_at: "2026-11-23T00:00:02.000",
    });
    const scored = await evidenceById("after");
    await spark.appendBronze("after", onPartition([far], 3));
    expect(await spark.run({ prefix: "after", runId: "after-4", now: "2026-11-23T00:10:00.000" })).toEqual({ exit: 0 });
    const labelled = await evidenceById("after");
    const pick = (id: unknown): Row | undefined => labelled.get(String(id));
    expect(pick(damage["event_id"])).toMatchObject({ reverted_within_48h: true, label_at: "2026-11-22 10:00:00" });
    expect(pick(next["event_id"])).toMatchObject({ reverted_within_48h: false, label_at: "2026-11-22 11:00:00" });
    expect(pick(far["event_id"])).toMatchObject({ reverted_within_48h: null, label_at: null });
    expect(pick(next["event_id"])?.["gold_processed_at"]).toEqual(
      scored.get(String(next["event_id"]))?.["gold_processed_at"],
    );
    // The day is over, so the model can be judged by it.
    const quality = await spark.sql(
      `select model_version, level, threshold, scored, flagged, true_positive, false_negative, precision, recall
       from lake.after_gold.model_quality where wiki = '*' and threshold = 10 order by model_version, level`,
    );
    expect(quality).toEqual([
      {
        model_version: "v1",
        level: "user",
        threshold: 10,
        scored: 2,
        flagged: 0,
        true_positive: 0,
        false_negative: 1,
        precision: null,
        recall: 0,
      },
      {
        model_version: "v2",
        level: "edit",
        threshold: 10,
        scored: 3,
        flagged: 1,
        true_positive: 0,
        false_negative: 1,
        precision: 0,
        recall: 0,
      },
      {
        model_version: "v2",
        level: "user",
        threshold: 10,
        scored: 2,
        flagged: 1,
        true_positive: 1,
        false_negative: 0,
        precision: 1,
        recall: 1,
      },
    ]);
  });
});
