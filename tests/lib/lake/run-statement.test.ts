import { describe, expect, test } from "@jest/globals";
import { permanentError, transientError } from "../../../lib/lake/errors.ts";
import type { QueryEngine, QueryStatus } from "../../../lib/lake/query-engine.ts";
import { runStatement } from "../../../lib/lake/run-statement.ts";

const request = { sql: "SELECT 1", token: "t".repeat(36), database: "d", workgroup: "w", output: undefined };
const status = (over: Partial<QueryStatus>): QueryStatus => ({
  state: "RUNNING",
  completedAtMs: undefined,
  errorCode: undefined,
  failure: undefined,
  ...over,
});

/** An engine that gives these answers one after the other, the last one for good. */
function engineOf(answers: readonly (QueryStatus | Error)[], stopFails = false) {
  let nowMs = 0;
  let asked = 0;
  const stopped: string[] = [];
  const engine: QueryEngine = {
    start: async () => ({ queryId: "q1" }),
    status: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer instanceof Error) throw answer;
      return answer;
    },
    result: async () => ({ updateCount: 3, rows: [] }),
    stop: async (queryId) => {
      stopped.push(queryId);
      if (stopFails) throw transientError("athena stop", new Error("reset"));
    },
  };
  const clock = {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  return { stopped, run: () => runStatement({ engine, clock }, request, 5_000) };
}

describe("a statement", () => {
  test("is waited for, also while the engine does not answer", async () => {
    const lost = transientError("athena status", new Error("reset"));
    const { run, stopped } = engineOf([status({ state: "QUEUED" }), lost, lost, status({ state: "SUCCEEDED" })]);
    expect(await run()).toEqual({ updateCount: 3, rows: [] });
    expect(stopped).toEqual([]);
  });

  test.each([
    ["data", false],
    ["environment", true],
  ] as const)("that fails by its %s is worth another try: %s", async (failure, retriable) => {
    const { run } = engineOf([status({ state: "FAILED", errorCode: "SOME_CODE", failure })]);
    await expect(run()).rejects.toMatchObject({
      code: "STATEMENT_FAILED",
      retriable,
      message: "statement FAILED SOME_CODE",
    });
  });

  test.each([false, true])(
    "is told to stop at the deadline, and is late whether or not that arrives (%s)",
    async (stopFails) => {
      const { run, stopped } = engineOf([status({})], stopFails);
      await expect(run()).rejects.toMatchObject({ code: "STATEMENT_TOO_LATE", retriable: true });
      expect(stopped).toEqual(["q1"]);
    },
  );

  test("that we may not ask about is an error at once", async () => {
    const { run } = engineOf([permanentError("athena status", new Error("denied"))]);
    await expect(run()).rejects.toMatchObject({ code: "LAKE_REFUSED" });
  });
});
