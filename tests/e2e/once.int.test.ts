import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createEventModel, defaultModel } from "../../local/source/event-model.ts";
import { hostileLines } from "../support/hostile-lines.ts";
import { wikilake } from "../support/wikilake-command.ts";

// One lake through several runs, as its user types them. Each run starts and stops every engine.
jest.setTimeout(15 * 60_000);

const folder = mkdtempSync(path.join(tmpdir(), "wikilake-e2e-"));
const state = path.join(folder, "state");
const root = path.resolve(import.meta.dirname, "../..");
const realFile = path.join(root, "../shared/data/recentchange_2016-06-27.ndjson.gz");

type Result = {
  readonly source: Readonly<Record<string, number>>;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  readonly checks: readonly { readonly name: string; readonly isEqual: boolean }[];
  readonly cycle: { readonly state: string };
};

async function once(file: string): Promise<{ code: number | null; result: Result; stderr: string }> {
  const { code, stdout, stderr } = await wikilake(["start", "--once", "--json", "--state", state, "--source", file]);
  if (stdout.trim() === "") throw new Error(`no result; exit ${code}\n${stderr}`);
  return { code, result: JSON.parse(stdout), stderr };
}

/** Enough good events that the share of bad ones stays below what the bronze gate refuses. */
function writeMixedFile(): { file: string; good: number } {
  const model = createEventModel({ ...defaultModel("e2e", 60), canarySeconds: 5 });
  const good = Array.from({ length: 10 }, (_, second) => model.eventsOf(1_789_000_000 + second)).flat();
  const lines: Buffer[] = good.map(({ data }) => Buffer.from(data));
  for (const [index, { line }] of hostileLines.entries()) lines.splice(index * 20 + 7, 0, line);
  const file = path.join(folder, "mixed.ndjson.gz");
  writeFileSync(file, gzipSync(Buffer.concat(lines.map((line) => Buffer.concat([line, Buffer.from("\n")])))));
  return { file, good: good.filter(({ eventId }) => eventId !== undefined).length };
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("npm start -- --once", () => {
  const mixed = writeMixedFile();
  const rejected = hostileLines.filter(({ fate }) => fate === "dead_letter").length;
  const kept = hostileLines.length - rejected;
  let first: Awaited<ReturnType<typeof once>>;
  beforeAll(async () => {
    first = await once(mixed.file);
  });

  test("accounts for every line of a file with hostile ones among it, and publishes silver and gold", () => {
    expect(first.result.checks.filter(({ isEqual }) => !isEqual)).toEqual([]);
    expect(first.code).toBe(0);
    expect(first.result.cycle.state).toBe("SUCCESS");
    expect(first.result.source).toMatchObject({ accepted: mixed.good + kept, rejected });
    expect(first.result.after).toMatchObject({
      bronze: mixed.good + kept,
      deadLetters: rejected,
      goldEvents: first.result.after["silver"],
    });
  });

  test("asks nothing of AWS that the packaged roles do not allow", () => {
    const calls: { allowed: boolean; action: string; resource: string; roleId: string }[] = JSON.parse(
      readFileSync(path.join(state, "runtime/iam/calls.json"), "utf8"),
    );
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter(({ allowed }) => !allowed)).toEqual([]);
  });

  test("says 'already delivered' the second time, changes nothing and exits 0", async () => {
    const again = await once(mixed.file);
    expect(again.stderr).toContain("already delivered");
    expect(again.result.after).toEqual(again.result.before);
    expect(again.result.source).toMatchObject({
      accepted: 0,
      rejected: 0,
      alreadyDelivered: again.result.source["read"],
    });
    expect(again.code).toBe(0);
  });

  test("adds a day of real edits to the same lake", async () => {
    if (!existsSync(realFile)) throw new Error(`the recorded day is missing: ${realFile}`);
    const { code, result } = await once(realFile);
    expect(result.checks.filter(({ isEqual }) => !isEqual)).toEqual([]);
    expect(result.source).toMatchObject({ read: 24_424, accepted: 24_424, rejected: 0, dropped: 0 });
    expect((result.after["silver"] ?? 0) - (result.before["silver"] ?? 0)).toBe(24_424);
    expect(code).toBe(0);
  });
});
