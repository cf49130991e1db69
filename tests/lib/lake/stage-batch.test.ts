import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { LakeError } from "../../../lib/lake/errors.ts";
import { writeStageFile } from "../../../lib/lake/parquet-stage.ts";
import { readStagedFacts, stageBatch, stageKey } from "../../../lib/lake/stage-batch.ts";
import { type Columns, stageRawEventsColumns } from "../../../schemas/tables/columns.ts";
import { facts, nowMs, record, rowOf } from "./fixtures.ts";
import { createMemoryStore } from "./memory-store.ts";

const compressors = { ZSTD: (bytes: Uint8Array): Uint8Array => new Uint8Array(zstdDecompressSync(bytes)) };
const read = (body: Uint8Array): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: body.slice().buffer, compressors });

const open = () => createMemoryStore(() => nowMs);

describe("a staged file", () => {
  test("gives back what was put in, real events of every shape among it", async () => {
    const folder = join(import.meta.dirname, "../../../../shared/data");
    const real = gunzipSync(readFileSync(join(folder, "recentchange_2016-06-27.ndjson.gz")))
      .toString()
      .trim()
      .split("\n");
    const excerpts = readFileSync(join(folder, "eventstreams_verbatim_excerpts.ndjson"), "utf8").trim().split("\n");
    const rows = [...real.slice(0, 500), ...excerpts, "{", ""].map((line, offset) => rowOf(record(line, { offset })));
    const body = writeStageFile({ columns: stageRawEventsColumns, rows, constants: { batch_id: "b" }, metadata: {} });
    const back = await read(body);
    expect(back).toHaveLength(rows.length);
    for (const [index, row] of rows.entries())
      expect(plain(back[index] ?? {})).toEqual(plain({ ...empty, ...row, batch_id: "b" }));
  });

  test("keeps hostile text and edges of the number types as they are", async () => {
    const columns: Columns = [
      ["text", "string"],
      ["small", "int"],
      ["large", "bigint"],
      ["real", "double"],
      ["flag", "boolean"],
      ["at", "timestamp"],
    ];
    const rows = [
      {
        text: "a'\u0000\u202e\ud83d\ude00\"\\",
        small: -2_147_483_648,
        large: -9_007_199_254_740_991,
        real: -0.1,
        flag: false,
        at: -1,
      },
      {
        text: "",
        small: 2_147_483_647,
        large: 9_007_199_254_740_991,
        real: 1e308,
        flag: true,
        at: 253_402_300_799_999,
      },
      { text: null, small: undefined, large: 2n ** 63n - 1n },
    ];
    const back = await read(writeStageFile({ columns, rows, constants: {}, metadata: {} }));
    expect(back.map((row) => row["text"] ?? null)).toEqual([rows[0]?.text, "", null]);
    expect(back.map((row) => row["large"] ?? null)).toEqual([
      -9_007_199_254_740_991n,
      9_007_199_254_740_991n,
      2n ** 63n - 1n,
    ]);
    expect(back.map((row) => row["small"] ?? null)).toEqual([-2_147_483_648, 2_147_483_647, null]);
    expect(back.map((row) => row["flag"] ?? null)).toEqual([false, true, null]);
  });

  test("has timestamps of microseconds without zone", () => {
    const columns: Columns = [["at", "timestamp"]];
    const body = writeStageFile({ columns, rows: [{ at: 1 }], constants: {}, metadata: {} });
    const [, element] = parquetMetadata(body.slice().buffer).schema;
    expect(element).toMatchObject({
      type: "INT64",
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" },
    });
  });

  test.each([
    ["an int", "int", 2_147_483_648],
    ["a bigint", "bigint", 1.5],
    ["a bigint of 64 bits", "bigint", 2n ** 63n],
    ["a timestamp", "timestamp", Number.NaN],
    ["text", "string", 3],
    ["a flag", "boolean", "true"],
  ] as const)("refuses a value that %s column cannot hold", (_, type, value) => {
    const file = { columns: [["c", type]] as const, rows: [{ c: value }], constants: {}, metadata: {} };
    expect(() => writeStageFile(file)).toThrow(TypeError);
  });
});

describe("staging a batch", () => {
  const columns: Columns = [["n", "int"]];
  const request = (n: number, stagedAtMs: number) => ({
    stageTable: "raw_events",
    columns,
    rows: [{ n }],
    constants: {},
    facts: facts({ stagedAtMs }),
  });

  test("never changes an object: the second writer takes the facts of the first", async () => {
    const { objects, store } = open();
    const first = await stageBatch(store, request(1, 1));
    const before = objects.get(stageKey("raw_events", first.id))?.etag;
    expect(await stageBatch(store, request(2, 2))).toEqual(first);
    expect(objects.get(stageKey("raw_events", first.id))?.etag).toBe(before);
  });

  test.each([0.3, 0.9, 0.99])("commits nothing of an object that is cut short (%d of it is left)", async (part) => {
    const { objects, store } = open();
    const key = stageKey("raw_events", facts().id);
    await stageBatch(store, request(1, 1));
    const body = objects.get(key)?.body ?? new Uint8Array();
    objects.set(key, { body: body.slice(0, Math.floor(body.length * part)), etag: "cut", lastModifiedMs: 0 });
    await expect(readStagedFacts(store, key)).rejects.toThrow(LakeError);
  });
});

const empty = Object.fromEntries(stageRawEventsColumns.map(([name]) => [name, null]));
const timestamps = new Set(stageRawEventsColumns.filter(([, type]) => type === "timestamp").map(([name]) => name));

/** Numbers for the reader's bigints, milliseconds for its dates. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (value instanceof Uint8Array) return [name, Buffer.from(value).toString()];
      if (value instanceof Date) return [name, value.getTime()];
      if (typeof value === "bigint") return [name, timestamps.has(name) ? Number(value / 1000n) : Number(value)];
      return [name, value ?? null];
    }),
  );
}
