import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { type Delivery, deliver, weekBefore } from "./delivery.ts";
import { buildLake, comparedTables, recompute, report, type TableResult } from "./recompute.ts";

// Two cycles of Spark, and DuckDB once for the whole and once for the counter-test.
jest.setTimeout(900_000);

const folder = mkdtempSync(join(tmpdir(), "wikilake-twice-"));
const exports = join(folder, "exports");
/** 24,424 real edits of one day; lies beside the repository and is never part of it. */
const file = join(import.meta.dirname, "../../../shared/data/recentchange_2016-06-27.ndjson.gz");

let delivery: Delivery;
let tables: readonly TableResult[];
beforeAll(async () => {
  if (!existsSync(file)) throw new Error(`the recorded day is missing: ${file}`);
  const main = { seed: "recompute", rate: 3, from: "2026-09-07T22:30:00Z", seconds: 6300 };
  const spans = [...weekBefore(main, 120), main];
  delivery = await deliver({ folder: join(folder, "delivery"), file, spans, batches: 2 });
  await buildLake(delivery, exports);
  tables = await recompute(delivery, exports, join(folder, "work"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every table of silver and gold is computed a second time, each of its columns", () => {
  expect(tables.map(({ table }) => table).sort()).toEqual(
    comparedTables()
      .map(({ table }) => table)
      .sort(),
  );
  expect(tables.filter(({ not_recomputed }) => not_recomputed.length > 0)).toEqual([]);
});

test("DuckDB gets from the raw lines what Spark published, row by row and number by number", () => {
  const different = tables.filter(({ differences }) => differences > 0);
  if (different.length > 0) throw new Error(report(different));
  expect(tables.find(({ table }) => table === "cleaned_events")?.rows).toBe(delivery.events);
});

test("one byte more in one raw edit is found, in silver and in gold", async () => {
  const text = await readFile(delivery.raw, "utf8");
  const raw = join(folder, "altered.ndjson");
  // Never more than one edit of the file is this one: revision ids are unique on a wiki.
  const [found = "", length = ""] = /"length":\{"old":\d+,"new":(\d+)\}/.exec(text) ?? [];
  await writeFile(raw, text.replace(found, found.replace(`"new":${length}`, `"new":${Number(length) + 1}`)));
  const again = await recompute({ ...delivery, raw }, exports, join(folder, "altered"));
  const rowsThatDiffer = (name: string): number => again.find(({ table }) => table === name)?.differences ?? 0;
  expect(rowsThatDiffer("cleaned_events")).toBe(1);
  expect(rowsThatDiffer("hourly_stats")).toBe(1);
});
