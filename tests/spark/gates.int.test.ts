import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { parse } from "yaml";
import { coreFlags } from "./core-tables.ts";
import { edit, onPartition } from "./fixtures.ts";
import { dailyGates } from "./fixtures-daily.ts";
import { editScoresGate, modelQualityGate, riskScoresGate } from "./fixtures-risk.ts";
import {
  accountEventsGate,
  baselinesGate,
  entityMetricsGate,
  globalMetricsGate,
  userMetricsGate,
} from "./fixtures-windows.ts";
import { bronzeGate, type GateFixtures, goldGate, revertsGate, silverGate, type Views } from "./gate-fixtures.ts";
import { type Evaluated, type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

type Engine = "deequ" | "sql";
type Circumstances = { readonly mode?: string; readonly rows?: number; readonly engine?: Engine };
const engines: readonly Engine[] = ["deequ", "sql"];

async function evaluate(
  gate: GateFixtures,
  views: Views,
  rules: readonly string[],
  circumstances: Circumstances = {},
): Promise<Evaluated> {
  // primary first: the others are written over it.
  const ordered = Object.entries({ ...gate.good, ...views }).sort(
    ([a], [b]) => Number(b === "primary") - Number(a === "primary"),
  );
  const fields = { ruleset: gate.ruleset, views: ordered, rules, sources: gate.sources, ...circumstances };
  return (await spark.call("evaluate", fields)) as Evaluated; // the harness's own shape
}

async function ruleIds(gate: GateFixtures): Promise<readonly string[]> {
  const rules = (await spark.call("rules", { ruleset: gate.ruleset })) as readonly Row[]; // idem
  return rules.map((rule) => String(rule["id"]));
}

describe.each([
  ["bronze", bronzeGate],
  ["silver", silverGate],
  ["reverts", revertsGate],
  ["gold", goldGate],
  ["account_events", accountEventsGate],
  ["global_metrics_10min", globalMetricsGate],
  ["user_metrics_10min", userMetricsGate],
  ["entity_metrics_10min", entityMetricsGate],
  ["wiki_baselines", baselinesGate],
  ["edit_scores", editScoresGate],
  ["risk_scores", riskScoresGate],
  ["model_quality", modelQualityGate],
  ...dailyGates,
])("the %s gate", (_, gate) => {
  test("has a broken fixture for every rule, and no other", async () => {
    expect(Object.keys(gate.bad).sort()).toEqual([...(await ruleIds(gate))].sort());
  });

  test.each(engines)("passes good data by every rule, asked by %s", async (engine) => {
    const found = await evaluate(gate, {}, await ruleIds(gate), { engine });
    expect(Object.values(found).map(([outcome]) => outcome)).toEqual(Object.keys(gate.bad).map(() => "passed"));
  });

  test.each(Object.entries(gate.bad))("%s refuses what it is there to refuse", async (rule, broken) => {
    for (const views of broken) {
      for (const engine of engines) {
        const found = await evaluate(gate, views, [rule], { engine });
        expect({ engine, views, answer: found[rule]?.[0] }).toEqual({ engine, views, answer: "failed" });
      }
    }
  });
});

describe("severity and silence", () => {
  test("timeliness fails in live mode and warns in the others", async () => {
    const late = bronzeGate.bad["B-06"]?.[0] ?? {};
    expect((await evaluate(bronzeGate, late, ["B-06"], { mode: "live" }))["B-06"]?.[1]).toBe("FAILED");
    expect((await evaluate(bronzeGate, late, ["B-06"], { mode: "catchup" }))["B-06"]?.[1]).toBe("WARNED");
    expect((await evaluate(bronzeGate, late, ["B-06"], { mode: "replay" }))["B-06"]?.[1]).toBe("WARNED");
  });

  test("a share of a handful of rows warns where a share of many fails", async () => {
    const nameless = bronzeGate.bad["B-03.user"]?.[0] ?? {};
    expect((await evaluate(bronzeGate, nameless, ["B-03.user"], { rows: 999 }))["B-03.user"]?.[1]).toBe("WARNED");
    expect((await evaluate(bronzeGate, nameless, ["B-03.user"], { rows: 1000 }))["B-03.user"]?.[1]).toBe("FAILED");
  });

  test("a warn rule that cannot be evaluated is an error, not a warning", async () => {
    await evaluate(bronzeGate, {}, ["B-15"]);
    await spark.sql("drop view null_drift");
    const { null_drift: _, ...views } = bronzeGate.good;
    const found = await evaluate({ ...bronzeGate, good: views }, {}, ["B-15"]);
    expect(found["B-15"]?.slice(0, 2)).toEqual(["error", "ERROR"]);
  });

  test("every rule over a column that is gone is an error", async () => {
    const gate = { ...bronzeGate, good: {} };
    const found = await evaluate(gate, { primary: "select 1 as id" }, ["B-02.event_id", "B-06", "B-16"]);
    expect(Object.values(found).map(([, status]) => status)).toEqual(["ERROR", "ERROR", "ERROR"]);
  });
});

describe("the runner's YAML reader", () => {
  const read = (text: string): Promise<unknown> => spark.call("yaml", { text, name: "x.yml" });

  test.each(["domains", "thresholds", "trusted", "watch-list", "blacklist", "revert-patterns", "warning-patterns"])(
    "reads %s.yml as any other reader does",
    async (name) => {
      const text = await readFile(join(import.meta.dirname, `../../schemas/rules/${name}.yml`), "utf8");
      expect(await read(text)).toEqual(parse(text));
    },
  );

  test.each(["silver/cleaned_events", "silver/reverts", "gold/hourly_stats"])(
    "reads about.yml of %s as any other reader does",
    async (folder) => {
      const text = await readFile(join(import.meta.dirname, `../../spark/${folder}/about.yml`), "utf8");
      expect(await read(text)).toEqual(parse(text));
    },
  );

  test.each([
    ["a: 1\n  b: 2", "x.yml:2: unexpected indentation"],
    ["a: [1, 2", "x.yml:1: expected ',' or ']'"],
    ["a: 1\na: 2", "x.yml:2: key 'a' is there twice"],
    ["- 1\nb: 2", "x.yml:2: expected another '- ' entry"],
    ["a: &anchor 1", "x.yml:1: '&' is not supported"],
    ["a\n", "x.yml:1: expected 'key: value'"],
  ])("says line and reason of %j", async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe("a cycle stopped by a gate", () => {
  const silver = (prefix: string): string => `lake.${prefix}_silver.cleaned_events`;
  const one = async (sql: string): Promise<unknown> => Object.values((await spark.sql(sql))[0] ?? {})[0];
  const head = (table: string): Promise<unknown> =>
    one(`select cast(snapshot_id as string) from ${table}.refs where name = 'main'`);
  const state = async (prefix: string): Promise<unknown> =>
    JSON.parse(await readFile(`${spark.folder}/stage-${prefix}/control/pipeline.json`, "utf8"));

  test("shows readers nothing new, keeps the evidence, and after three in a row holds the pipeline", async () => {
    await spark.createLake("stop");
    await spark.appendBronze("stop", onPartition([edit(), edit()]));
    expect(await spark.run({ prefix: "stop", runId: "stop-0", flags: coreFlags })).toEqual({ exit: 0 });
    const before = [await head(silver("stop")), await head("lake.stop_gold.hourly_stats")];
    const poison = edit({ domain: "en.wikipedia.org", server_name: "de.wikipedia.org" });
    await spark.appendBronze("stop", onPartition([poison, edit()], 2));
    for (const number of [1, 2, 3]) {
      expect(await spark.run({ prefix: "stop", runId: `stop-${number}`, flags: coreFlags })).toEqual({ exit: 3 });
      expect(await state("stop")).toMatchObject({ failures: number, state: number === 3 ? "held" : "running" });
    }
    expect([await head(silver("stop")), await head("lake.stop_gold.hourly_stats")]).toEqual(before);
    expect(await one(`select count(*) from ${silver("stop")}`)).toBe(2);
    // What was refused can be looked at, under its branch.
    expect(await one(`select count(*) from ${silver("stop")} version as of 'audit_stop_3'`)).toBe(4);
    const failed = await spark.sql(
      "select run_id, gate, evidence from lake.stop_dq_audit.quality_results where status = 'FAILED' order by run_id",
    );
    expect(failed.map((row) => [row["run_id"], row["gate"]])).toEqual([1, 2, 3].map((n) => [`stop-${n}`, "silver_dq"]));
    expect(JSON.parse(String(failed[0]?.["evidence"])).samples).toEqual([poison["event_id"]]);
    expect(await spark.run({ prefix: "stop", runId: "stop-4", flags: coreFlags })).toEqual({ exit: 4 });
  });

  test("an offset nobody has seen stops it until its dead letter arrives", async () => {
    await spark.createLake("hole");
    const rows = onPartition([edit(), edit(), edit()]);
    await spark.appendBronze(
      "hole",
      rows.filter((_, index) => index !== 1),
    );
    expect(await spark.run({ prefix: "hole", runId: "hole-1", command: "silver" })).toEqual({ exit: 3 });
    const reason = await one("select evidence from lake.hole_dq_audit.quality_results where rule_id = 'B-10'");
    expect(JSON.parse(String(reason)).samples).toEqual(["raw-events/0: 1 from 0"]);
    await spark.sql(
      `insert into lake.hole_bronze.dead_letter
       select 'd', timestamp_ntz'2026-11-20 10:00:02', 'bronze_writer', 'invalid_json', '', null, null, 'raw-events', 0, 1L,
         timestamp_ntz'2026-11-20 10:00:01', '', 1L, false, 1, 'open', null, '2026-11-20', '1.0.0'`,
    );
    expect(await spark.run({ prefix: "hole", runId: "hole-2", command: "silver" })).toEqual({ exit: 0 });
    expect(await state("hole")).toMatchObject({ state: "running", failures: 0 });
  });

  test("silence of a live feed stops it without counting towards a hold", async () => {
    await spark.createLake("quiet");
    expect(await spark.run({ prefix: "quiet", runId: "quiet-1", flags: ["--mode", "live"] })).toEqual({ exit: 3 });
    const results = await spark.sql(
      "select rule_id, status from lake.quiet_dq_audit.quality_results where status <> 'SKIPPED'",
    );
    expect(results).toEqual([{ rule_id: "B-01", status: "FAILED" }]);
    await expect(state("quiet")).rejects.toThrow("ENOENT");
    expect(await spark.run({ prefix: "quiet", runId: "quiet-2", flags: [...coreFlags, "--mode", "replay"] })).toEqual({
      exit: 0,
    });
  });
});
