import { describe, expect, test } from "@jest/globals";
import type { BatchEntry } from "../../lib/core/batch.ts";
import { bronzePendingPrefix, stageBronze } from "../../lib/lake/bronze-batch.ts";
import { bronzeStatements } from "../../lib/lake/bronze-statements.ts";
import { hadNoEffect } from "../../lib/lake/errors.ts";
import type { ObjectStore } from "../../lib/lake/object-store.ts";
import { markerKey, type PendingBatch } from "../../lib/lake/pending.ts";
import { isFinal, type QueryEngine, type QueryStatus } from "../../lib/lake/query-engine.ts";
import { event, facts, pending, record, rowOf } from "../lib/lake/fixtures.ts";

export type EngineUnderTest = {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly databases: { readonly bronze: string; readonly stage: string };
  readonly workgroup: string;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
};

/** What the commit protocol relies on of a query engine over the bronze tables. */
export function queryEngineContract(name: string, open: () => EngineUnderTest): void {
  let round = 0;

  const prepare = async () => {
    round += 1;
    const room = open();
    const topic = `contract-${round}`;
    const statements = bronzeStatements(room.databases)["raw_events"];
    if (statements === undefined) throw new Error("no such table");
    const stage = async (from: number, to: number): Promise<PendingBatch> => {
      const staging = { store: room.store, now: room.now, judgeVersion: "contract" };
      const [batch] = await stageBronze(staging, entriesOf(topic, from, to));
      if (batch === undefined) throw new Error("nothing staged");
      // Nobody else shall commit it.
      for (const marker of batch.markers) await room.store.delete(markerKey(bronzePendingPrefix, marker));
      return pending({ facts: batch.facts, table: "raw_events" });
    };
    const start = (sql: string, token: string): Promise<string> => startOn(room, sql, token);
    const finish = (queryId: string): Promise<QueryStatus> => finishOn(room, queryId);
    const run = async (sql: string, token = `${topic}-${Math.random()}`) => {
      const queryId = await start(sql, token);
      expect(await finish(queryId)).toMatchObject({ state: "SUCCEEDED" });
      return room.engine.result(queryId);
    };
    return { ...room, ...statements, topic, stage, start, finish, run };
  };

  describe(`${name}, as the query engine`, () => {
    test("starts a request once, however often it comes under its token", async () => {
      const { stage, write, verify, start, finish, run, topic } = await prepare();
      const batch = await stage(0, 5);
      const sql = write([batch]);
      const ids = await Promise.all([start(sql, topic), start(sql, topic)]);
      expect(new Set(ids).size).toBe(1);
      expect(await start(sql, topic)).toBe(ids[0]);
      expect(await finish(ids[0] ?? "")).toMatchObject({ state: "SUCCEEDED" });
      expect(await start(sql, topic)).toBe(ids[0]);
      expect((await run(verify([batch]))).rows).toEqual([["5", "0"]]);
    });

    test("refuses a token with another statement, and starts nothing", async () => {
      const { stage, write, verify, start, finish, run, topic } = await prepare();
      const [one, other] = [await stage(0, 3), await stage(3, 6)];
      await finish(await start(write([one]), topic));
      const error = await start(write([other]), topic).catch((thrown: unknown) => thrown);
      expect(hadNoEffect(error)).toBe(true);
      expect((await run(verify([other]))).rows).toEqual([["3", "3"]]);
    });

    test("says how many rows it wrote, and of rows that are there already that it wrote none", async () => {
      const { stage, write, verify, run } = await prepare();
      const batch = await stage(0, 7);
      expect((await run(verify([batch]))).rows).toEqual([["7", "7"]]);
      expect((await run(write([batch]))).updateCount).toBe(7);
      expect((await run(write([batch]))).updateCount).toBe(0);
      expect((await run(verify([batch]))).rows).toEqual([["7", "0"]]);
    });

    test("writes of an overlapping batch the new rows only", async () => {
      const { stage, write, run } = await prepare();
      await run(write([await stage(0, 6)]));
      expect((await run(write([await stage(4, 9)]))).updateCount).toBe(3);
    });

    test("doubles overlapping batches in one statement: nothing compares the rows of its source", async () => {
      const { stage, write, run } = await prepare();
      expect((await run(write([await stage(0, 4), await stage(2, 6)]))).updateCount).toBe(8);
    });

    test("finds no rows of a batch that was never staged", async () => {
      const { write, verify, run, topic } = await prepare();
      const batch = pending({ facts: facts({ id: "f".repeat(64), topic }) });
      expect((await run(verify([batch]))).rows).toEqual([["0", "0"]]);
      expect((await run(write([batch]))).updateCount).toBe(0);
    });

    test("tells when a query was over, and does not know an id that it never gave", async () => {
      const { stage, write, start, finish, engine, now, topic } = await prepare();
      const startedMs = now();
      const status = await finish(await start(write([await stage(0, 1)]), topic));
      expect(status).toMatchObject({ errorCode: undefined, failure: undefined });
      // The engine's clock is not ours.
      expect(status.completedAtMs ?? 0).toBeGreaterThan(startedMs - 60_000);
      expect(await engine.status("00000000-0000-4000-8000-000000000000")).toBeUndefined();
    });
  });
}

function entriesOf(topic: string, from: number, to: number): BatchEntry[] {
  return Array.from({ length: to - from }, (_, index) => {
    const offset = from + index;
    const of = record(event({ meta: { id: `${topic}-${offset}`, dt: "2026-11-21T11:30:00Z" } }), { topic, offset });
    return { record: of, row: rowOf(of) };
  });
}

async function startOn({ engine, databases, workgroup }: EngineUnderTest, sql: string, token: string) {
  const padded = token.padEnd(64, "-");
  const { queryId } = await engine.start({
    sql,
    token: padded,
    database: databases.bronze,
    workgroup,
    output: undefined,
  });
  return queryId;
}

async function finishOn({ engine, sleep }: EngineUnderTest, queryId: string): Promise<QueryStatus> {
  for (;;) {
    const status = await engine.status(queryId);
    if (status === undefined) throw new Error("the query is not known");
    if (isFinal(status.state)) return status;
    expect(status.completedAtMs).toBeUndefined();
    await sleep(100);
  }
}
