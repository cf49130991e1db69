import { describe, expect, test } from "@jest/globals";
import { parquetMetadata } from "hyparquet";
import { readConfig } from "../../../handlers/bronze-writer/config.ts";
import { toPoisonRow, writeBronze } from "../../../handlers/bronze-writer/write-bronze.ts";
import type { BatchEntry } from "../../../lib/core/batch.ts";
import { bronzeTarget, commitBronze } from "../../../lib/lake/commit-bronze.ts";
import type { StatementRequest } from "../../../lib/lake/query-engine.ts";
import { event, nowMs, record, rowOf } from "../../lib/lake/fixtures.ts";
import { createStubLake, mskEvent } from "../stub-lake.ts";

function open(fails?: Parameters<typeof createStubLake>[0]) {
  const lake = createStubLake(fails);
  const target = bronzeTarget({ bronze: "b", stage: "s" }, "w");
  const toPoison = (entry: BatchEntry, reason: Parameters<typeof toPoisonRow>[1]) => toPoisonRow(entry, reason, nowMs);
  return { lake, deps: { ...lake.deps, target, judgeVersion: "1", toPoisonRow: toPoison } };
}
const good = JSON.stringify(event());

describe("bronze-writer", () => {
  test("acknowledges a batch when both tables have its rows, and leaves no marker", async () => {
    const { lake, deps } = open();
    const answer = await writeBronze(deps, mskEvent("raw-events", [good, "{", good]), lake.deadline());
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(lake.epochs.map(({ table, rows }) => [table, rows]).sort()).toEqual([
      ["dead_letter", 1],
      ["raw_events", 2],
    ]);
    expect(lake.keys("pending/")).toEqual([]);
    expect(lake.keys("stage/raw_events/")).toHaveLength(1);
  });

  test("counts every record it got: received = accepted + rejected", async () => {
    const { lake, deps } = open();
    await writeBronze(deps, mskEvent("raw-events", [good, "{", "[]", good]), lake.deadline());
    expect(lake.sum("RecordsReceived")).toBe(4);
    expect(lake.sum("RecordsAccepted") + lake.sum("RecordsRejected")).toBe(4);
  });

  test("at its deadline reports what is not committed from its first offset on, in the object form", async () => {
    const { lake, deps } = open(() => true);
    const answer = await writeBronze(deps, mskEvent("raw-events", [good, good], 40), lake.deadline());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: "raw-events-0", offset: 40 } }] });
    expect(lake.keys("pending/bronze/")).toHaveLength(1);
    expect(lake.sum("RecordsUncommitted")).toBe(2);
  });

  test("waits for both tables: a dead letter that is not written fails the batch", async () => {
    const { lake, deps } = open(({ sql }) => sql.includes('INTO "b"."dead_letter"'));
    const answer = await writeBronze(deps, mskEvent("raw-events", [good, "{"]), lake.deadline(10 * 60_000));
    expect(answer.batchItemFailures).toHaveLength(1);
  });

  test("says nothing of an event's text in its log", async () => {
    const { lake, deps } = open();
    const secret = JSON.stringify(event({ title: "zqx", user: "zqx", comment: "zqx" }));
    await writeBronze(deps, mskEvent("raw-events", [secret, `{"meta":"zqx"}`]), lake.deadline());
    expect(lake.lines.join("\n")).not.toContain("zqx");
  });

  test("makes a dead letter of a record that no statement takes, with its id and its bytes", () => {
    const of = record(event());
    expect(toPoisonRow({ record: of, row: rowOf(of) }, "retries_exhausted", nowMs)).toMatchObject({
      reason: "retries_exhausted",
      event_id: "e-1",
      wiki: "enwiki",
      raw_base64: Buffer.from(of.value).toString("base64"),
    });
  });

  test("tries a record that has failed alone not again with others, however the next batch is cut", async () => {
    const { lake, deps } = open((request) => (hasPoison(request) ? "data" : false));
    const records = [0, 1, 2, 3].map((offset) =>
      record(event({ meta: { id: `e-${offset}`, dt: "2026-11-21T11:59:58Z" } }), { offset }),
    );
    const entries = records.map((of) => ({ record: of, row: rowOf(of) }));
    // Of four records the last cannot be read by any statement.
    const ranges = (sql: string) =>
      lake
        .keys("stage/")
        .filter((key) => sql.includes(/batch=([0-9a-f]+)/.exec(key)?.[1] ?? "none"))
        .map((key) => lake.bucket.objects.get(key)?.body ?? new Uint8Array())
        .flatMap((body) => parquetMetadata(body.slice().buffer).key_value_metadata ?? [])
        .flatMap(({ value = "{}" }) => JSON.parse(value).ranges ?? []);
    function hasPoison({ sql }: StatementRequest): boolean {
      return sql.startsWith('INSERT INTO "b"."raw_events"') && ranges(sql).some(({ last }) => last === 3);
    }
    const outcomes = () => lake.epochs.splice(0).map(({ table, outcome, rows }) => `${table} ${outcome} ${rows}`);
    expect(await commitBronze(deps, entries, lake.deadline(3_600_000))).toEqual([]);
    expect(outcomes().filter((line) => line.endsWith("failed-data 1"))).toHaveLength(2);
    expect(await commitBronze(deps, entries.slice(1), lake.deadline(3_600_000))).toEqual([]);
    expect(outcomes().sort()).toEqual([
      "dead_letter committed 1",
      "raw_events committed 2",
      "raw_events failed-data 3",
    ]);
  });

  test("lets no row that fits no column stop the others: it becomes a dead letter", async () => {
    const { lake, deps } = open();
    const records = [record(event()), record(event(), { offset: 1 })];
    const entries = records.map((of) => ({ record: of, row: rowOf(of) }));
    const bad = entries.map((entry, index) =>
      index === 0 ? { ...entry, row: { ...entry.row, namespace: 2 ** 40 } } : entry,
    );
    expect(await commitBronze(deps, bad as BatchEntry[], lake.deadline())).toEqual([]);
    const counted = lake.epochs.map(({ table, rows }) => [table, rows]).sort();
    expect(counted).toEqual([
      ["dead_letter", 1],
      ["raw_events", 1],
    ]);
  });

  test("names every missing setting at once", () => {
    expect(() => readConfig({ STAGE: "x" })).toThrow(/STAGE_BUCKET[\s\S]*WORKGROUP[\s\S]*STAGE_DATABASE/);
  });
});
