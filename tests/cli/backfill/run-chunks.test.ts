import { expect, test } from "@jest/globals";
import type { JobControl, JobState, StartAnswer } from "../../../cli/backfill/job-control.ts";
import { type BackfillDeps, runChunks } from "../../../cli/backfill/run-chunks.ts";

const chunks = [
  { from: "2026-11-01", to: "2026-11-04" },
  { from: "2026-11-05", to: "2026-11-06" },
];
const request = { layer: "silver", tables: [], chunks } as const;
const started = (runId: string): StartAnswer => ({ verdict: "started", jobRunId: `job-${runId}`, runId });
const state = (name: string, details = ""): JobState => ({ state: name, details });

/** A job service that gives these answers in turn, and a clock that sleeping moves. */
function room(answers: readonly StartAnswer[], states: readonly JobState[]) {
  const [toGive, toShow] = [[...answers], [...states]];
  const events: Readonly<Record<string, unknown>>[] = [];
  const said: string[] = [];
  let nowMs = Date.UTC(2026, 10, 21);
  const abort = new AbortController();
  const jobs: JobControl = {
    start: async (event) => {
      events.push(event);
      return toGive.shift() ?? { verdict: "busy", reason: "nothing left to give" };
    },
    state: async () => toShow.shift() ?? state("SUCCESS"),
  };
  const deps: BackfillDeps = {
    jobs,
    progress: { say: (text) => void said.push(text), show: (text) => void said.push(text), close: () => undefined },
    signal: abort.signal,
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
  return { deps, events, said, abort };
}

test("runs the chunks one after another, oldest first, each for its days only", async () => {
  const { deps, events } = room([started("a"), started("b")], [state("RUNNING"), state("SUCCESS"), state("SUCCESS")]);
  const results = await runChunks(request, deps);
  expect(results.map(({ runId, outcome }) => [runId, outcome])).toEqual([
    ["a", "SUCCESS"],
    ["b", "SUCCESS"],
  ]);
  expect(events).toMatchObject(chunks.map((days) => ({ job: "silver", days, force: true, trigger: "manual" })));
});

test("waits for its turn while a cycle works", async () => {
  const busy: StartAnswer = { verdict: "busy", reason: "cycle-1 is RUNNING" };
  const { deps, said } = room([busy, busy, started("a"), started("b")], []);
  await runChunks(request, deps);
  expect(said.filter((text) => text.includes("waiting, cycle-1 is RUNNING"))).toHaveLength(2);
});

test("stops at the first chunk that was not published, and says why", async () => {
  const { deps, events } = room([started("a")], [state("FAILED", "ExitCode: 3")]);
  expect(await runChunks(request, deps)).toMatchObject([{ runId: "a", outcome: "FAILED", details: "ExitCode: 3" }]);
  expect(events).toHaveLength(1);
});

test("does not wait for a pipeline that is held", async () => {
  const { deps } = room([{ verdict: "held", reason: "gold_dq FAILED" }], []);
  expect(await runChunks(request, deps)).toMatchObject([{ runId: "", outcome: "HELD", details: "gold_dq FAILED" }]);
});

test("starts nothing more after Ctrl-C", async () => {
  const { deps, abort, events } = room([], []);
  abort.abort();
  await expect(runChunks(request, deps)).rejects.toThrow(/abort/i);
  expect(events).toEqual([]);
});
