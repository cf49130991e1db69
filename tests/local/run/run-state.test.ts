import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readRunFile, removeRunFile, writeRunFile } from "../../../local/run/run-file.ts";
import { createShimMonitor } from "../../../local/run/shim-monitor.ts";
import { shimOverrides } from "../../../local/run/shim-overrides.ts";

let stateDir = "";
beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-run-"));
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const run = {
  pid: process.pid,
  startedAt: "2026-01-01T00:00:00.000Z",
  stage: "local",
  source: "sim",
  environment: {},
  engines: {},
};

describe("the run file", () => {
  test("is there while its process lives, for its owner only", () => {
    writeRunFile(stateDir, run);
    expect(readRunFile(stateDir)).toEqual(run);
    expect(statSync(path.join(stateDir, "run.json")).mode & 0o077).toBe(0);
    removeRunFile(stateDir);
    expect(readRunFile(stateDir)).toBeUndefined();
  });

  test("of a process that is gone counts as none", () => {
    // Above the largest process id that Linux gives.
    writeRunFile(stateDir, { ...run, pid: 2 ** 22 + 1 });
    expect(readRunFile(stateDir)).toBeUndefined();
  });

  test("that was cut off counts as none", () => {
    writeRunFile(stateDir, run);
    const file = path.join(stateDir, "run.json");
    writeFileSync(file, readFileSync(file, "utf8").slice(0, 20));
    expect(readRunFile(stateDir)).toBeUndefined();
  });
});

describe("the shim's monitor", () => {
  test("adds up acknowledged records and forgets the rate after half a minute", () => {
    let nowMs = 0;
    const monitor = createShimMonitor(() => nowMs);
    monitor.onLine('{"RecordsAcked":300}');
    monitor.onLine("not json");
    monitor.onLine("{broken");
    expect([monitor.acked(), monitor.eventsPerSecond()]).toEqual([300, 10]);
    nowMs = 31_000;
    expect([monitor.acked(), monitor.eventsPerSecond()]).toEqual([300, 0]);
  });

  test("hears the end of a source", async () => {
    const monitor = createShimMonitor();
    monitor.onLine(
      '{"code":"source-finished","read":5,"accepted":3,"rejected":1,"dropped":1,"duplicates":0,"alreadyDelivered":0}',
    );
    expect(await monitor.finished).toEqual({
      read: 5,
      accepted: 3,
      rejected: 1,
      dropped: 1,
      duplicates: 0,
      alreadyDelivered: 0,
    });
  });
});

describe("what a run sets over the template's shim", () => {
  const settings = { once: true, limit: undefined, rate: undefined, overrides: { parameters: {}, shim: {} } };

  test("is the file, its kind and its pace; a finished file is not read again", () => {
    const source = { kind: "file", url: "file:///a.ndjson", sourceKind: "replay" } as const;
    expect(shimOverrides({ ...settings, source, rate: 50 }, undefined)).toEqual({
      environment: { SOURCE_URL: "file:///a.ndjson", SOURCE_KIND: "replay", SOURCE_RATE: "50" },
      mayFinish: true,
    });
  });

  test("starts a simulated feed far enough back that all the wanted events are there", () => {
    const simulator = { url: "http://127.0.0.1:1/v2/stream/recentchange", stop: async () => {} };
    const { environment } = shimOverrides(
      { ...settings, source: { kind: "sim", sourceKind: "live" }, limit: 7000 },
      simulator,
    );
    expect(environment).toMatchObject({ SOURCE_URL: simulator.url, SOURCE_LIMIT: "7000" });
    const backSeconds = (Date.now() - Date.parse(environment["SOURCE_START"] ?? "")) / 1000;
    expect(Math.abs(backSeconds - 280)).toBeLessThan(20);
  });
});
