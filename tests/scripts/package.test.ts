import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type PackagedStage, packageStage } from "../../scripts/package.ts";
import { zipNames } from "../support/zip-names.ts";

const folder = mkdtempSync(path.join(tmpdir(), "wikilake-package-test-"));
const outDir = path.join(folder, "local");
const lines: string[] = [];
let first: PackagedStage;
beforeAll(async () => {
  first = await packageStage({ stage: "local", outDir, progress: (line) => lines.push(line) });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("packaging a stage", () => {
  test("says what it does and leaves everything that a start needs", () => {
    expect(lines[0]).toContain("packaging stage local");
    expect(first.isFresh).toBe(true);
    expect(existsSync(first.templateFile)).toBe(true);
    expect(Object.keys(first.functions).sort()).toEqual([
      "BronzeWriterLambdaFunction",
      "DeadLetterWriterLambdaFunction",
      "LiveMetricsLambdaFunction",
      "MigrateLambdaFunction",
      "OpsWriterLambdaFunction",
      "StartJobLambdaFunction",
    ]);
    expect(existsSync(first.shimBundle)).toBe(true);
    expect(existsSync(path.join(first.jobsFolder, "runner", "main.py"))).toBe(true);
  });

  test("puts all that a Spark run reads into jobs.zip, and the same files beside it", () => {
    const names = zipNames(readFileSync(path.join(first.jobsFolder, "jobs.zip")));
    expect(names).toEqual(expect.arrayContaining(["runner/main.py", "silver/cleaned_events/load.sql"]));
    expect(names.filter((name) => /(^|\/)tests?\/|__pycache__/.test(name))).toEqual([]);
    for (const name of names) expect(existsSync(path.join(first.jobsFolder, name))).toBe(true);
  });

  test("again changes nothing and says so", async () => {
    const before = statSync(first.templateFile).mtimeMs;
    const again = await packageStage({ stage: "local", outDir, progress: () => lines.push("unexpected") });
    expect(again).toEqual({ ...first, isFresh: false });
    expect(statSync(first.templateFile).mtimeMs).toBe(before);
    expect(lines).not.toContain("unexpected");
  });

  test.each(["", "Dev", "my-stage", "../x", "1st", "a".repeat(17)])(
    "refuses the stage name %j before it does anything",
    async (stage) => {
      const out = path.join(folder, "refused");
      await expect(packageStage({ stage, outDir: out })).rejects.toMatchObject({
        code: "PACKAGE_STAGE_NAME",
        retriable: false,
      });
      expect(existsSync(out)).toBe(false);
    },
  );

  test("can be stopped, and leaves no half of it behind", async () => {
    const stop = new AbortController();
    const out = path.join(folder, "stopped");
    const packaging = packageStage({ stage: "dev", outDir: out, signal: stop.signal, progress: () => stop.abort() });
    await expect(packaging).rejects.toMatchObject({ code: "PACKAGE_FAILED", retriable: true });
    expect(existsSync(out)).toBe(false);
  });
});
