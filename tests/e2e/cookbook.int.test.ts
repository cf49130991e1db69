import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readNamedQueries as readStoredQueries } from "../../cli/query/named-queries.ts";
import { createQueryRunner, type QueryRows, type QueryRunner } from "../../cli/query/run-query.ts";
import { resolveTarget } from "../../cli/target.ts";
import type { LocalLake } from "../../local/run/start-lake.ts";
import { readNamedQueries } from "../../schemas/queries/named-query.ts";
import { startSimulatedLake } from "../support/simulated-lake.ts";
import { wikilake } from "../support/wikilake-command.ts";

// A lake with half a minute of simulated edits in every layer, asked everything that the cookbook asks.
jest.setTimeout(15 * 60_000);

/** Half a minute at this rate is 3,600 events: every kind of event and some reverts. */
const rate = 120;
const feedMs = 30_000;
/** Queries asked at once: each waits for the engine's planning most of its time. */
const parallel = 4;
const stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-cookbook-"));
let lake: LocalLake;
let query: QueryRunner;
const target = () => resolveTarget({ state: stateDir });

beforeAll(async () => {
  lake = await startSimulatedLake({ stateDir, rate });
  query = createQueryRunner(target());
  await delay(feedMs);
  await lake.cloud.ecs.update("wikilake-local-shim", { desiredCount: 0 });
  while (Object.values(await lake.lag()).some((lag) => lag > 0)) await delay(1000);
  await lake.cloud.scheduler.fire("live");
  await lake.cloud.asyncQueue.idle();
  const cycle = await lake.runCycle();
  if (cycle.state !== "SUCCESS") throw new Error(`the cycle ended as ${cycle.state}: ${cycle.details}`);
  await lake.loadOps();
});

afterAll(async () => {
  await lake?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

/** What a minute of ordinary edits leaves empty: no repeats, no warnings yet followed, no listed term, no gap. */
const mayBeEmpty = new Set([
  "bronze-dead-letters",
  "bronze-repeated-events",
  "dq-broken-rules",
  "dq-profile",
  "dq-quarantine",
  "gold-hot-pages",
  "gold-model-quality",
  "gold-risk-models",
  "live-blacklist",
  "ops-gaps",
  "silver-edit-wars",
  "silver-filter-hits",
  "silver-revert-speed",
  "silver-unreverted-blankings",
  "silver-warned-users",
]);

describe("the cookbook", () => {
  test("is stored in the lake as the files say, and answered as they say, with rows where there must be some", async () => {
    const files = readNamedQueries();
    const stored = new Map((await readStoredQueries(target())).map((one) => [one.name, one]));
    expect([...stored.keys()].sort()).toEqual(files.map(({ name }) => name).sort());
    const problems: string[] = [];
    const ask = async ({ name, columns, question }: (typeof files)[number]): Promise<void> => {
      expect(stored.get(name)?.question).toBe(question);
      const answer = await query(stored.get(name)?.sql ?? "").catch((error: Error) => error);
      const explained = columns.map((column) => column.name);
      problems.push(
        ...(answer instanceof Error ? [`${name}: ${answer.message}`] : problemsOf(name, answer, explained)),
      );
    };
    for (let from = 0; from < files.length; from += parallel)
      await Promise.all(files.slice(from, from + parallel).map(ask));
    expect(problems).toEqual([]);
  });

  test("is at hand by name", async () => {
    const listed = await wikilake(["sql", "--list", "--format", "json", "--state", stateDir]);
    expect(JSON.parse(listed.stdout)).toEqual(
      expect.arrayContaining([{ name: "live-now", question: "What is going on right now?" }]),
    );
    const asked = await wikilake(["sql", "--query", "dq-gate-status", "--format", "csv", "--state", stateDir]);
    expect(asked.stdout.split("\n")[0]).toBe("gate,status,evaluated_at,mode,rules,failed_rules");
    expect(asked.code).toBe(0);
    const unknown = await wikilake(["sql", "--query", "nothing", "--state", stateDir]);
    expect(unknown.stderr).toContain('no query is named "nothing"');
    expect(unknown.code).toBe(2);
  });
});

function problemsOf(name: string, answer: QueryRows, explained: readonly string[]): string[] {
  const found: string[] = [];
  if (answer.columns.join() !== explained.join())
    found.push(`${name}: explains ${explained}, answers ${answer.columns}`);
  if (answer.rows.length === 0 && !mayBeEmpty.has(name)) found.push(`${name}: no rows`);
  return found;
}

describe("the catalogue", () => {
  test("describes every column of every table", async () => {
    const { rows } = await query(`
      select table_schema, table_name, column_name
      from information_schema.columns
      where table_schema like 'wikilake_local_%' and table_schema <> 'wikilake_local_stage' and "comment" is null
        and (table_schema, table_name) in (
          select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'
        )`);
    expect(rows).toEqual([]);
  });
});
