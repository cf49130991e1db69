import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { BatchEntry } from "../../../lib/core/batch.ts";
import type { OpsRecord } from "../../../lib/core/ops-record.ts";
import { stageBronze } from "../../../lib/lake/bronze-batch.ts";
import { commitBronze } from "../../../lib/lake/commit-bronze.ts";
import { commitMarkers } from "../../../lib/lake/commit-loop.ts";
import { opsTarget, stageOps } from "../../../lib/lake/ops-batch.ts";
import { systemClock } from "../../../lib/platform/clock.ts";
import { objectStoreContract } from "../../contracts/object-store.ts";
import { queryEngineContract } from "../../contracts/query-engine.ts";
import { event, record, rowOf } from "./fixtures.ts";
import { databases, type LakeRoom, openLakeRoom } from "./lake-room.ts";

// The engines' first statements of a kind take seconds while other programs compete for the cores.
jest.setTimeout(300_000);

let room: LakeRoom;
/** Each test has a topic of its own: offsets of one say nothing about another. */
let topic = "t0";
let topics = 0;

beforeAll(async () => {
  room = await openLakeRoom();
  await room.migrate();
});
afterAll(() => room?.close());
beforeEach(() => {
  topics += 1;
  topic = `raw-events-${topics}`;
  room.epochs.length = 0;
});

const deadline = (): number => Date.now() + 120_000;
const staging = () => ({ store: room.store, now: Date.now, judgeVersion: "1" });
const commit = (entries: readonly BatchEntry[]) => commitBronze(room.deps(), entries, deadline());

/** Offsets from…to; every fifth is no JSON. */
function batch(from: number, to: number): BatchEntry[] {
  return Array.from({ length: to - from }, (_, index) => {
    const offset = from + index;
    const value =
      offset % 5 === 4
        ? "{"
        : event({ meta: { id: `${topic}-${offset}`, dt: "2026-11-21T11:30:00Z" }, title: "'; --" });
    const of = record(value, { topic, offset });
    return { record: of, row: rowOf(of) };
  });
}

/** Rows and distinct offsets of the topic over both tables. */
async function counts(): Promise<{ rows: number; offsets: number; dead: number }> {
  const both = ["raw_events", "dead_letter"]
    .map(
      (table) =>
        `SELECT kafka_offset, '${table}' AS t FROM ${databases.bronze}.${table} WHERE kafka_topic = '${topic}'`,
    )
    .join(" UNION ALL ");
  const [row = []] = await room.sql(
    `SELECT count(*), count(DISTINCT kafka_offset), count_if(t = 'dead_letter') FROM (${both})`,
  );
  const [rows = 0, offsets = 0, dead = 0] = row.map(Number);
  return { rows, offsets, dead };
}

const once = (records: number) => ({ rows: records, offsets: records, dead: Math.floor(records / 5) });

describe("the tables", () => {
  test("are made once, and a second run changes nothing", async () => {
    const first = await room.migrate();
    expect(first).toContain(`${databases.bronze}.raw_events`);
    expect(await room.migrate()).toEqual(first);
  });

  test("get a column that a later version adds, and keep their rows", async () => {
    await commit(batch(0, 5));
    await room.run(`ALTER TABLE ${databases.bronze}.dead_letter DROP COLUMN disposition_at`);
    await room.migrate();
    const columns = await room.sql(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = '${databases.bronze}' AND table_name = 'dead_letter'`,
    );
    expect(columns.flat()).toContain("disposition_at");
    expect(await counts()).toEqual(once(5));
  });
});

// What the fakes of the simulation keep as well (tests/contracts/fakes.test.ts).
objectStoreContract("the local S3", () => room.store);
queryEngineContract("the local Athena", () => {
  const { deps, engine, store } = room;
  return { store, engine, databases, workgroup: deps().target.workgroup, ...systemClock };
});

describe("a batch", () => {
  test("puts accepted rows into one table and rejected rows into the other, counted by the engine", async () => {
    expect(await commit(batch(0, 50))).toEqual([]);
    expect(await counts()).toEqual(once(50));
    expect(room.epochs).toHaveLength(2);
    const counted = new Map(room.epochs.map(({ table, rows, inserted }) => [table, [rows, inserted]]));
    expect(counted).toEqual(
      new Map([
        ["raw_events", [40, 40]],
        ["dead_letter", [10, 10]],
      ]),
    );
  });

  test("delivered again changes nothing, and what was there already is counted", async () => {
    await commit(batch(0, 50));
    expect(await commit(batch(0, 50))).toEqual([]);
    expect(await counts()).toEqual(once(50));
    expect(room.epochs.slice(2).map(({ inserted }) => inserted)).toEqual([0, 0]);
  });

  test("keeps real events exactly as they were delivered", async () => {
    const file = join(import.meta.dirname, "../../../../shared/data/recentchange_2016-06-27.ndjson.gz");
    const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n").slice(0, 3000);
    const entries = lines.map((line, offset) => {
      const of = record(line, { topic, offset });
      return { record: of, row: rowOf(of) };
    });
    expect(await commit(entries)).toEqual([]);
    const rows = await room.sql(
      `SELECT count(*), count(DISTINCT event_id), sum(length(raw_event)), min(event_date), to_iso8601(max(event_timestamp)) FROM ${databases.bronze}.raw_events WHERE kafka_topic = '${topic}'`,
    );
    const times = entries.map(({ row }) => (row.row_kind === "event" ? row.event_timestamp : 0));
    const characters = lines.reduce((sum, line) => sum + [...line].length, 0);
    expect(rows[0]?.slice(0, 4)).toEqual(["3000", "3000", String(characters), "2016-06-27"]);
    expect(Date.parse(`${rows[0]?.[4]}Z`)).toBe(Math.max(...times));
  });
});

describe("a crash", () => {
  test("after staging: whoever comes next commits what was left behind", async () => {
    await stageBronze(staging(), batch(0, 20));
    expect(await commit(batch(20, 40))).toEqual([]);
    expect(await counts()).toEqual(once(40));
    expect(await commit(batch(0, 20))).toEqual([]);
    expect(await counts()).toEqual(once(40));
  });

  test("after the commit, before its markers went: the redelivery finds its rows and acknowledges", async () => {
    const dying = { ...room.store, delete: () => Promise.reject(new Error("killed")) };
    await expect(commitBronze(room.deps({ store: dying }), batch(0, 20), deadline())).rejects.toThrow("killed");
    expect(await commit(batch(0, 20))).toEqual([]);
    expect(await counts()).toEqual(once(20));
  });

  test("between opening the slot and starting the query: the recorded statement is sent by the next", async () => {
    const dying = { ...room.engine, start: () => Promise.reject(new Error("killed")) };
    await expect(commitBronze(room.deps({ engine: dying }), batch(0, 20), deadline())).rejects.toThrow("killed");
    expect(await commit(batch(0, 20))).toEqual([]);
    expect(await counts()).toEqual(once(20));
  });
});

describe("other cuts of the same records", () => {
  test("whole and halves staged at once are one set of rows", async () => {
    for (const part of [batch(0, 40), batch(0, 20), batch(20, 40)]) await stageBronze(staging(), part);
    expect(await commit(batch(0, 40))).toEqual([]);
    expect(await commit(batch(0, 20))).toEqual([]);
    expect(await commit(batch(20, 40))).toEqual([]);
    expect(await counts()).toEqual(once(40));
  });

  test("a batch shifted by half adds only what is new", async () => {
    await commit(batch(0, 40));
    expect(await commit(batch(20, 60))).toEqual([]);
    expect(await counts()).toEqual(once(60));
  });

  test("the same offsets of a topic made anew are other records", async () => {
    await commit(batch(0, 10));
    const again = batch(0, 10).map(({ record: old }) => {
      const text = Buffer.from(old.value).toString().replaceAll(topic, `${topic}-anew`);
      const of = { ...old, timestampMs: old.timestampMs + 3_600_000, value: Buffer.from(text) };
      return { record: of, row: rowOf(of) };
    });
    expect(await commit(again)).toEqual([]);
    expect(await counts()).toEqual({ rows: 20, offsets: 10, dead: 4 });
  });
});

describe("the ledgers", () => {
  const gap = (over: Partial<Extract<OpsRecord, { kind: "feed_gaps" }>["row"]>): OpsRecord => ({
    kind: "feed_gaps",
    row: {
      gap_id: `${topic}-gap`,
      source: "eventstreams",
      source_topic: "eqiad.x",
      kind: "disconnect",
      status: "open",
      gap_start: "2026-11-21T10:00:00.000Z",
      gap_end: null,
      detected_at: "2026-11-21T10:01:00.000Z",
      closed_at: null,
      duration_s: null,
      expected_events: null,
      missing_events: null,
      recovered_events: null,
      evidence: '{"text":"it\'s"}',
      gap_month: "2026-11",
      ...over,
    },
  });
  const commitOps = async (records: readonly OpsRecord[]): Promise<readonly string[]> => {
    const target = opsTarget({ ops: databases.ops, stage: databases.stage }, "wikilake-local-write");
    const markers = await stageOps({ store: room.store, now: Date.now }, records);
    return commitMarkers(room.deps({ target }), {
      markers,
      deadlineMs: deadline(),
      onQuarantined: async () => undefined,
    });
  };

  test("a gap is one row: opened, closed, and not opened again by a late delivery", async () => {
    const opened = gap({});
    const closed = gap({ status: "recovered", closed_at: "2026-11-21T10:05:00.000Z", recovered_events: 7 });
    expect(await commitOps([opened, opened])).toEqual([]);
    expect(await commitOps([closed])).toEqual([]);
    expect(await commitOps([gap({ evidence: "late" })])).toEqual([]);
    const rows = await room.sql(
      `SELECT status, recovered_events, evidence, to_iso8601(closed_at) FROM ${databases.ops}.feed_gaps WHERE gap_id = '${topic}-gap'`,
    );
    expect(rows).toEqual([["recovered", "7", '{"text":"it\'s"}', expect.stringMatching(/^2026-11-21T10:05:00/)]]);
  });

  test("a run is one row with snapshot ids of 63 bits, and a late STARTED changes nothing", async () => {
    const run = (over: object): OpsRecord => ({
      kind: "pipeline_runs",
      row: {
        run_id: topic,
        cycle_id: "c",
        stage: "silver",
        job_run_id: null,
        trigger: "schedule",
        status: "STARTED",
        mode: null,
        error: null,
        input_snapshot_from: null,
        input_snapshot_to: "9223372036854775807",
        output_snapshot: null,
        rows_in: null,
        rows_out: null,
        rows_quarantined: null,
        valid_through: null,
        started_at: "2026-11-21T10:00:00.000Z",
        ended_at: null,
        vcpu_hours: null,
        memory_gb_hours: null,
        bytes_scanned: null,
        log_date: "2026-11-21",
        ...over,
      },
    });
    const published = { status: "PUBLISHED", ended_at: "2026-11-21T10:00:30.000Z", rows_in: 5, vcpu_hours: 0.25 };
    expect(await commitOps([run({}), run(published), run({ stage: "gold" })])).toEqual([]);
    expect(await commitOps([run({})])).toEqual([]);
    const rows = await room.sql(
      `SELECT status, rows_in, vcpu_hours, input_snapshot_to FROM ${databases.ops}.pipeline_runs WHERE run_id = '${topic}' AND stage = 'silver'`,
    );
    expect(rows).toEqual([["PUBLISHED", "5", "0.25", "9223372036854775807"]]);
  });

  test("a minute delivered by two batches at once is one row", async () => {
    const minute: OpsRecord = {
      kind: "ingest_minutes",
      row: {
        minute: "2026-11-21T10:00:00.000Z",
        shim_epoch: topic,
        source_topic: "eqiad.x",
        received: 10,
        canaries: 1,
        duplicates: 2,
        acked: 6,
        rejected: 1,
        max_event_at: null,
        log_date: "2026-11-21",
      },
    };
    const other: OpsRecord = { ...minute, row: { ...minute.row, source_topic: "codfw.x" } };
    await stageOps({ store: room.store, now: Date.now }, [minute]);
    expect(await commitOps([minute, other])).toEqual([]);
    const rows = await room.sql(
      `SELECT source_topic, count(*) FROM ${databases.ops}.ingest_minutes WHERE shim_epoch = '${topic}' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      ["codfw.x", "1"],
      ["eqiad.x", "1"],
    ]);
  });
});
