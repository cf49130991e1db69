import { describe, expect, test } from "@jest/globals";
import { controlKeys } from "../../../lib/jobs/control-state.ts";
import type { ControlStore } from "../../../lib/jobs/control-store.ts";
import { parseJobEvent } from "../../../lib/jobs/job-event.ts";
import type { JobRequest, JobRunSummary, JobService } from "../../../lib/jobs/job-service.ts";
import { type StartCycleDeps, startCycle } from "../../../lib/jobs/start-cycle.ts";
import { createLogger } from "../../../lib/platform/logger.ts";

const settings = {
  jobsUri: "s3://stage/jobs/abc/",
  databasePrefix: "wikilake_test",
  lakeBucket: "lake",
  controlBucket: "stage",
  region: "eu-west-1",
};
const seen = JSON.stringify({ first_seen_at: "2026-11-21T10:00:00.000Z" });
const slot = JSON.stringify({ version: 1, uuid: "u", epoch: 3 });

function fakeJobs(active: readonly JobRunSummary[] = []) {
  const started: JobRequest[] = [];
  const service: JobService = {
    listActive: async () => active,
    // Like the real one: the token decides, not the call.
    start: async (request) => {
      if (!started.some(({ clientToken }) => clientToken === request.clientToken)) started.push(request);
      return `run-${started.findIndex(({ clientToken }) => clientToken === request.clientToken)}`;
    },
  };
  return { service, started };
}

function fakeControl(initial: Readonly<Record<string, string>>) {
  const objects = new Map(Object.entries(initial));
  const store: ControlStore = {
    get: async (key) => objects.get(key),
    putIfAbsent: async (key, body) => {
      if (objects.has(key)) return false;
      objects.set(key, body);
      return true;
    },
  };
  return { store, objects };
}

function depsWith(jobs: JobService, control: ControlStore): StartCycleDeps {
  return { jobs, control, settings, bronzeMinutes: 15, log: createLogger({ write: () => undefined }) };
}

const at = (time: string, extra: object = {}) => parseJobEvent({ job: "cycle", scheduledTime: time, ...extra });

describe("startCycle", () => {
  test("starts a run named after its scheduled time once bronze is old enough", async () => {
    const { service, started } = fakeJobs();
    const { store } = fakeControl({ [controlKeys.bronzeSeen]: seen });
    const verdict = await startCycle(at("2026-11-21T10:20:00Z"), depsWith(service, store));
    expect(verdict).toEqual({ verdict: "started", jobRunId: "run-0", runId: "cycle-20261121T102000Z" });
    expect(started[0]?.entryPoint).toBe("s3://stage/jobs/abc/runner/main.py");
  });

  test("gives the same token for the same time, so that a repeated tick is one run", async () => {
    const { service, started } = fakeJobs();
    const { store } = fakeControl({ [controlKeys.bronzeSeen]: seen });
    await startCycle(at("2026-11-21T10:20:00Z"), depsWith(service, store));
    await startCycle(at("2026-11-21T10:20:00Z"), depsWith(service, store));
    expect(started).toHaveLength(1);
  });

  test("finds its own run again when the first answer was lost", async () => {
    const { service, started } = fakeJobs([{ id: "r9", name: "cycle-20261121T102000Z", state: "RUNNING" }]);
    const { store } = fakeControl({ [controlKeys.bronzeSeen]: seen });
    const verdict = await startCycle(at("2026-11-21T10:20:00Z"), depsWith(service, store));
    expect(verdict).toMatchObject({ verdict: "already_started", jobRunId: "r9" });
    expect(started).toHaveLength(0);
  });

  test("refuses while another run is active and says which", async () => {
    const { service, started } = fakeJobs([{ id: "r1", name: "cycle-20261121T101000Z", state: "PENDING" }]);
    const { store } = fakeControl({ [controlKeys.bronzeSeen]: seen });
    const verdict = await startCycle(at("2026-11-21T10:20:00Z"), depsWith(service, store));
    expect(verdict).toEqual({ verdict: "busy", reason: "cycle-20261121T101000Z is PENDING" });
    expect(started).toHaveLength(0);
  });

  test.each([
    [
      "held",
      controlKeys.pipeline,
      { state: "held", failures: 3, reason: "silver_dq FAILED: S-07" },
      "silver_dq FAILED: S-07",
    ],
    ["paused", controlKeys.desired, { paused: true, reason: "night" }, "night"],
  ])("starts nothing while the stage is %s, forced or not", async (kind, key, body, reason) => {
    const { service, started } = fakeJobs();
    const { store } = fakeControl({ [key]: JSON.stringify(body), [controlKeys.bronzeSeen]: seen });
    const verdict = await startCycle(at("2026-11-21T10:20:00Z", { force: true }), depsWith(service, store));
    expect(verdict).toEqual({ verdict: kind, reason });
    expect(started).toHaveLength(0);
  });

  test("takes a state it cannot read for a hold", async () => {
    const { service, started } = fakeJobs();
    const { store } = fakeControl({ [controlKeys.pipeline]: "{", [controlKeys.bronzeSeen]: seen });
    expect(await startCycle(at("2026-11-21T10:20:00Z"), depsWith(service, store))).toMatchObject({ verdict: "held" });
    expect(started).toHaveLength(0);
  });

  test("waits 15 minutes from the first look at a bronze with rows", async () => {
    const { service, started } = fakeJobs();
    const { store, objects } = fakeControl({});
    const deps = depsWith(service, store);
    expect(await startCycle(at("2026-11-21T10:00:00Z"), deps)).toMatchObject({ reason: "bronze has no rows yet" });
    objects.set(controlKeys.bronzeSlot, slot);
    expect(await startCycle(at("2026-11-21T10:10:00Z"), deps)).toMatchObject({ verdict: "waiting_for_bronze" });
    expect(await startCycle(at("2026-11-21T10:20:00Z"), deps)).toMatchObject({ verdict: "waiting_for_bronze" });
    expect(started).toHaveLength(0);
    expect(await startCycle(at("2026-11-21T10:25:00Z"), deps)).toMatchObject({ verdict: "started" });
  });

  test("does not wait when it is forced", async () => {
    const { service, started } = fakeJobs();
    const { store } = fakeControl({});
    await startCycle(at("2026-11-21T10:00:00Z", { force: true }), depsWith(service, store));
    expect(started).toHaveLength(1);
  });
});
