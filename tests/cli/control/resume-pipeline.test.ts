import { describe, expect, test } from "@jest/globals";
import { type ControlObjects, resumePipeline } from "../../../cli/control/resume-pipeline.ts";
import { findStop } from "../../../lib/jobs/control-state.ts";

const pipeline = "control/pipeline.json";
const baselines = "control/baselines.json";

function memory(given: Readonly<Record<string, string>>): ControlObjects & { readonly kept: Map<string, string> } {
  const kept = new Map(Object.entries(given));
  return { kept, get: async (key) => kept.get(key), put: async (key, body) => void kept.set(key, body) };
}
const options = { newBaselines: false, nowMs: Date.UTC(2026, 10, 21) };

describe("resume", () => {
  test("lets a held pipeline run, and says why it was held", async () => {
    const objects = memory({
      [pipeline]: JSON.stringify({ state: "held", failures: 3, reason: "silver_dq FAILED: S-02" }),
    });
    expect(findStop(objects.kept.get(pipeline), undefined)).toBeDefined();
    expect(await resumePipeline(objects, options)).toEqual({
      kind: "resumed",
      failures: 3,
      reason: "silver_dq FAILED: S-02",
    });
    expect(findStop(objects.kept.get(pipeline), undefined)).toBeUndefined();
    expect(JSON.parse(objects.kept.get(pipeline) ?? "")).toMatchObject({ state: "running", failures: 0 });
  });

  test("forgets failures of a pipeline that still runs, and leaves one without any alone", async () => {
    const failing = memory({ [pipeline]: JSON.stringify({ state: "running", failures: 2 }) });
    expect(await resumePipeline(failing, options)).toEqual({ kind: "not_held", failures: 2 });
    expect(JSON.parse(failing.kept.get(pipeline) ?? "")).toMatchObject({ failures: 0 });
    const fresh = memory({});
    expect(await resumePipeline(fresh, options)).toEqual({ kind: "not_held", failures: 0 });
    expect(fresh.kept.size).toBe(0);
  });

  test("repairs a state that cannot be read", async () => {
    const objects = memory({ [pipeline]: "{" });
    expect(await resumePipeline(objects, options)).toMatchObject({ kind: "resumed" });
    expect(findStop(objects.kept.get(pipeline), undefined)).toBeUndefined();
  });

  test("drops the baselines only when asked to", async () => {
    const objects = memory({ [baselines]: "old" });
    await resumePipeline(objects, options);
    expect(objects.kept.get(baselines)).toBe("old");
    await resumePipeline(objects, { ...options, newBaselines: true });
    expect(JSON.parse(objects.kept.get(baselines) ?? "")).toEqual({ version: 1, runs: 0, days: {} });
  });
});
