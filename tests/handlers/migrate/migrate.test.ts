// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the DDL's own placeholders
import { describe, expect, test } from "@jest/globals";
import { applyTables, applyViews } from "../../../handlers/migrate/apply-tables.ts";
import { answer, type CustomResourceRequest } from "../../../handlers/migrate/custom-resource.ts";
import type { QueryEngine } from "../../../lib/lake/query-engine.ts";
import { createLogger } from "../../../lib/platform/logger.ts";

const file = {
  file: "bronze.t.sql",
  text: "CREATE TABLE IF NOT EXISTS ${database_prefix}_bronze.t (\n  id string COMMENT 'key',\n  n int COMMENT 'count'\n)\nLOCATION 's3://${lake_bucket}/t/'\n",
};

function engine(existing: readonly string[], failing: RegExp = /$^/) {
  const sent: string[] = [];
  const stub: QueryEngine = {
    start: async ({ sql }) => ({ queryId: String(sent.push(sql) - 1) }),
    status: async (queryId) => {
      const isFailed = failing.test(sent[Number(queryId)] ?? "");
      return {
        state: isFailed ? "FAILED" : "SUCCEEDED",
        completedAtMs: 0,
        errorCode: "SYNTAX_ERROR",
        failure: undefined,
      };
    },
    result: async () => ({ updateCount: undefined, rows: existing.map((name) => [name]) }),
    stop: async () => undefined,
  };
  const config = { WORKGROUP: "w", DATABASE_PREFIX: "wl", LAKE_BUCKET: "lake" };
  const clock = { now: () => 0, sleep: async () => undefined };
  const log = createLogger({ write: () => undefined });
  return { sent, deps: { engine: stub, clock, newUuid: () => "u".repeat(36), log, config } };
}

describe("migrate", () => {
  test("makes a table and leaves one alone that has all its columns", async () => {
    const { sent, deps } = engine(["id", "n"]);
    expect(await applyTables(deps, [file])).toEqual(["wl_bronze.t"]);
    expect(sent).toHaveLength(2);
    expect(sent[0]).toContain("CREATE TABLE IF NOT EXISTS wl_bronze.t");
  });

  test("adds a column that an earlier version did not have", async () => {
    const { sent, deps } = engine(["id"]);
    await applyTables(deps, [file]);
    expect(sent[2]).toBe("ALTER TABLE wl_bronze.t ADD COLUMNS (`n` int COMMENT 'count')");
  });

  test("stops at a statement that fails, with the engine's code", async () => {
    await expect(applyTables(engine([], /^ALTER/).deps, [file])).rejects.toMatchObject({
      code: "TABLE_NOT_APPLIED",
      message: expect.stringContaining("SYNTAX_ERROR"),
    });
  });
});

describe("migrating views", () => {
  const view = {
    file: "live.v.sql",
    text: "-- v\nCREATE OR REPLACE VIEW ${database_prefix}_live.v AS\nSELECT 1 AS one\n",
  };

  test("sends one statement a view, each time", async () => {
    const { sent, deps } = engine([]);
    expect(await applyViews(deps, [view])).toEqual(["wl_live.v"]);
    await applyViews(deps, [view]);
    expect(sent).toEqual(Array(2).fill("CREATE OR REPLACE VIEW wl_live.v AS\nSELECT 1 AS one"));
  });

  test("stops at one that fails", async () => {
    await expect(applyViews(engine([], /VIEW/).deps, [view])).rejects.toMatchObject({ code: "TABLE_NOT_APPLIED" });
  });
});

describe("the answer to CloudFormation", () => {
  const request: CustomResourceRequest = {
    RequestType: "Create",
    ResponseURL: "http://127.0.0.1/answer",
    StackId: "s",
    RequestId: "r",
    LogicalResourceId: "Tables",
  };

  test("keeps one physical id for good, whatever the outcome", async () => {
    const bodies: string[] = [];
    const put = async (_: string, body: string) => ({ ok: bodies.push(body) > 0 });
    await answer(request, { status: "SUCCESS", data: { Tables: "11" } }, put);
    await answer({ ...request, PhysicalResourceId: "older" }, { status: "FAILED", reason: "x".repeat(9000) }, put);
    const [first, second] = bodies.map((body) => JSON.parse(body));
    expect(first).toEqual({
      Status: "SUCCESS",
      Data: { Tables: "11" },
      PhysicalResourceId: "wikilake-tables",
      StackId: "s",
      RequestId: "r",
      LogicalResourceId: "Tables",
    });
    expect(second).toMatchObject({ Status: "FAILED", PhysicalResourceId: "older" });
    expect(bodies[1]?.length).toBeLessThan(4096);
  });

  test("is sent again when it was not taken, and missing it is an error", async () => {
    let calls = 0;
    const put = async () => ({ ok: ++calls === 3 });
    await answer(request, { status: "SUCCESS", data: {} }, put);
    expect(calls).toBe(3);
    await expect(answer(request, { status: "SUCCESS", data: {} }, async () => ({ ok: false }))).rejects.toThrow();
  });
});
