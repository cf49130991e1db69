import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, jest, test } from "@jest/globals";
import { wikilake } from "../support/wikilake-command.ts";

jest.setTimeout(5 * 60_000);

const folder = mkdtempSync(path.join(tmpdir(), "wikilake-wrong-use-"));
const state = path.join(folder, "state");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("wrong use", () => {
  test.each([
    [["start", "--source", "nonsense"], 1, "say auto, live, sim"],
    [["start", "--source", "missing.ndjson"], 1, "no such file"],
    [["start", "--source", "sim", "--events", "10"], 2, "--events goes with --once"],
    [["start", "--for", "ten"], 2, "90s, 10m or 2h"],
    [["start", "--source", "sim", "--config", "nowhere.json"], 2, "no such file"],
    [["sql", "select 1", "--state", state], 2, "no lake is running"],
    [["sql", "select 1", "--stage", "Not A Stage"], 2, "no stage name"],
    [["frobnicate"], 2, "unknown command"],
  ])("wikilake %j exits with %i and says what to do", async (args, code, message) => {
    const result = await wikilake(args);
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(code);
  });

  test("--help answers for every command", async () => {
    for (const args of [["--help"], ["start", "--help"], ["sql", "--help"]]) {
      const result = await wikilake(args);
      expect([result.code, result.stdout.includes("Usage:")]).toEqual([0, true]);
    }
  });

  test("Ctrl-C while the engines start ends everything with 130, and the next start works", async () => {
    const args = ["start", "--source", "sim", "--state", state, "--for", "1s"];
    let isSent = false;
    const interrupted = await wikilake(args, (text, kill) => {
      if (isSent || !text.includes("ready after")) return;
      isSent = true;
      kill("SIGTERM");
    });
    expect(interrupted.code).toBe(130);
    expect(existsSync(path.join(state, "run.json"))).toBe(false);
    const next = await wikilake(args);
    expect(next.stderr).toContain("the lake runs");
    expect(next.code).toBe(0);
  });
});
