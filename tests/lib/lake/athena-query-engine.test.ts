import { AthenaClient } from "@aws-sdk/client-athena";
import { describe, expect, test } from "@jest/globals";
import { createAthenaEngine } from "../../../lib/lake/athena-query-engine.ts";
import { hadNoEffect } from "../../../lib/lake/errors.ts";

type Answer = { readonly status?: number; readonly body: unknown };

function engineAnswering(...answers: Answer[]) {
  const requests: { target: string; body: unknown }[] = [];
  const client = new AthenaClient({
    region: "eu-west-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    endpoint: "http://127.0.0.1:1",
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: { headers: Record<string, string>; body: Uint8Array }) => {
        requests.push({
          target: request.headers["x-amz-target"] ?? "",
          body: JSON.parse(new TextDecoder().decode(request.body)),
        });
        const { status = 200, body } = answers.shift() ?? { status: 500, body: {} };
        const { Readable } = await import("node:stream");
        const headers = { "content-type": "application/x-amz-json-1.1" };
        return { response: { statusCode: status, headers, body: Readable.from(Buffer.from(JSON.stringify(body))) } };
      },
    },
  });
  return { engine: createAthenaEngine({ starter: client, reader: client }), requests };
}

const failed = (reason: string, athenaError: object = {}): Answer => ({
  body: {
    QueryExecution: {
      Status: { State: "FAILED", StateChangeReason: reason, AthenaError: athenaError, CompletionDateTime: 1.5 },
    },
  },
});
const refused = (type: string, message: string): Answer => ({
  status: 400,
  body: { __type: type, Message: message, message },
});
const statement = { sql: "SELECT 1", token: "t".repeat(64), database: "d", workgroup: "w", output: undefined };

describe("Athena as the query engine", () => {
  test("sends exactly what is recorded, once", async () => {
    const { engine, requests } = engineAnswering({ body: { QueryExecutionId: "q1" } });
    expect(await engine.start(statement)).toEqual({ queryId: "q1" });
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body).toEqual({
      QueryString: "SELECT 1",
      ClientRequestToken: "t".repeat(64),
      QueryExecutionContext: { Database: "d" },
      WorkGroup: "w",
    });
  });

  test.each([
    ["throttling", refused("TooManyRequestsException", "slow"), true, true],
    ["a fault of the server", { status: 500, body: {} }, true, false],
    [
      "a token used for another statement",
      refused("InvalidRequestException", "Idempotent parameters do not match"),
      false,
      true,
    ],
    ["a missing permission", refused("AccessDeniedException", "no"), false, true],
  ])("says of %s whether a repeat may help, and whether a statement may run", async (_, answer, retriable, isVoid) => {
    const error = await engineAnswering(answer)
      .engine.start(statement)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ retriable });
    expect(hadNoEffect(error)).toBe(isVoid);
  });

  test.each([
    ["HIVE_CURSOR_ERROR: Failed to read Parquet file", {}, "data", "HIVE_CURSOR_ERROR"],
    ["HIVE_BAD_DATA: 'secret title' is no integer", {}, "data", "HIVE_BAD_DATA"],
    ["HIVE_BAD_DATA: x", { Retryable: true }, "environment", "HIVE_BAD_DATA"],
    ["ICEBERG_COMMIT_ERROR: Failed to commit", {}, "environment", "ICEBERG_COMMIT_ERROR"],
    ["TABLE_NOT_FOUND: line 1:1", {}, "environment", "TABLE_NOT_FOUND"],
    ["Insufficient permissions to execute the query", {}, "environment", undefined],
    ["", {}, "environment", undefined],
  ] as const)(
    "takes %p %p for the fault of the %s, and keeps no more than the code",
    async (reason, detail, failure, errorCode) => {
      const status = await engineAnswering(failed(reason, detail)).engine.status("q");
      expect(status).toEqual({ state: "FAILED", completedAtMs: 1500, errorCode, failure });
    },
  );

  test("answers undefined for a query that Athena does not know", async () => {
    const { engine } = engineAnswering(refused("InvalidRequestException", "QueryExecution q was not found"));
    expect(await engine.status("q")).toBeUndefined();
  });

  test("gives the rows written and the rows read, without a SELECT's heading", async () => {
    const row = (...texts: string[]) => ({ Data: texts.map((VarCharValue) => ({ VarCharValue })) });
    const columns = (...names: string[]) => ({ ColumnInfo: names.map((Name) => ({ Name, Type: "varchar" })) });
    const { engine } = engineAnswering(
      { body: { UpdateCount: 40, ResultSet: { Rows: [] } } },
      {
        body: {
          ResultSet: { ResultSetMetadata: columns("_col0", "_col1"), Rows: [row("_col0", "_col1"), row("9", "0")] },
        },
      },
      { body: { ResultSet: { ResultSetMetadata: columns("field"), Rows: [row("id   "), row("n")] } } },
    );
    expect(await engine.result("q")).toEqual({ updateCount: 40, rows: [] });
    expect((await engine.result("q")).rows).toEqual([["9", "0"]]);
    expect((await engine.result("q")).rows).toEqual([["id   "], ["n"]]);
  });
});
