import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, jest, test } from "@jest/globals";
import { deliver, weekBefore } from "./delivery.ts";
import { buildLake, recompute, report } from "./recompute.ts";

// 800,000 events through every gate and table, then all of them again in another engine.
jest.setTimeout(3_600_000);

const folder = mkdtempSync(join(tmpdir(), "wikilake-twice-"));
const file = join(import.meta.dirname, "../../../shared/data/recentchange_2016-06-27.ndjson.gz");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a real day and three simulated ones: every number of silver and gold is what DuckDB gets from the raw lines", async () => {
  if (!existsSync(file)) throw new Error(`the recorded day is missing: ${file}`);
  const main = { seed: "recompute", rate: 3, from: "2026-09-07T00:00:00Z", seconds: 3 * 86_400 };
  const spans = [...weekBefore(main, 1200), main];
  const delivery = await deliver({ folder: join(folder, "delivery"), file, spans, batches: 3 });
  await buildLake(delivery, join(folder, "exports"), "6g");
  const tables = await recompute(delivery, join(folder, "exports"), join(folder, "work"));
  const wrong = tables.filter(({ differences, not_recomputed }) => differences > 0 || not_recomputed.length > 0);
  if (wrong.length > 0) throw new Error(report(wrong));
  expect(delivery.events).toBeGreaterThan(750_000);
  expect(tables.find(({ table }) => table === "cleaned_events")?.rows).toBe(delivery.events);
});
