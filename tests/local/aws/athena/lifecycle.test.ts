import {
  BatchGetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetQueryRuntimeStatisticsCommand,
  ListQueryExecutionsCommand,
  StopQueryExecutionCommand,
} from "@aws-sdk/client-athena";
import { afterEach, describe, expect, test } from "@jest/globals";
import { TrinoError } from "../../../../local/aws/athena/engine/trino-error.ts";
import { roleAllowing } from "../facade/contract-services.ts";
import { fakeRoom, stats, varchar } from "./fake-room.ts";

type Room = Awaited<ReturnType<typeof fakeRoom>>;

const open: Room[] = [];
afterEach(async () => {
  for (const room of open.splice(0)) await room.close();
});

async function start(options: Parameters<typeof fakeRoom>[0] = {}): Promise<Room> {
  const room = await fakeRoom(options);
  open.push(room);
  return room;
}

const token = (name: string): string => `${name}-`.padEnd(36, "0");
const runs = ({ engine }: Room): number => engine.seen.length;

describe("a request token", () => {
  test("sent again gives the same query, which runs once", async () => {
    const room = await start();
    const id = await room.start("SELECT 1", { ClientRequestToken: token("a") });
    await room.settled(id);
    expect(await room.start("SELECT 1", { ClientRequestToken: token("a") })).toBe(id);
    expect(runs(room)).toBe(1);
  });

  test("sent twice at the same moment gives one query", async () => {
    const room = await start();
    const ids = await Promise.all(
      Array.from({ length: 8 }, () => room.start("SELECT 1", { ClientRequestToken: token("a") })),
    );
    expect(new Set(ids).size).toBe(1);
    await room.settled(ids[0] ?? "");
    expect(runs(room)).toBe(1);
  });

  test("with another statement, database or output is refused", async () => {
    const room = await start();
    const ClientRequestToken = token("a");
    await room.start("SELECT 1", { ClientRequestToken });
    const refused = {
      name: "InvalidRequestException",
      message: "Idempotent parameters do not match",
      AthenaErrorCode: "IDEMPOTENT_PARAMETER_MISMATCH",
    };
    await expect(room.start("SELECT 2", { ClientRequestToken })).rejects.toMatchObject(refused);
    await expect(
      room.start("SELECT 1", { ClientRequestToken, QueryExecutionContext: { Database: "x" } }),
    ).rejects.toMatchObject(refused);
    await expect(
      room.start("SELECT 1", { ClientRequestToken, ResultConfiguration: { OutputLocation: "s3://x/y" } }),
    ).rejects.toMatchObject(refused);
  });

  test("of a failed query gives the failed query", async () => {
    const room = await start();
    room.engine.answer = async () =>
      Promise.reject(new TrinoError("DIVISION_BY_ZERO", "USER_ERROR", "Division by zero", "q"));
    const id = await room.start("SELECT 1/0", { ClientRequestToken: token("a") });
    expect((await room.settled(id)).Status).toMatchObject({
      State: "FAILED",
      StateChangeReason: "DIVISION_BY_ZERO: Division by zero",
      AthenaError: { ErrorType: 1001 },
    });
    expect(await room.start("SELECT 1/0", { ClientRequestToken: token("a") })).toBe(id);
    expect(runs(room)).toBe(1);
  });

  test("must have 32 to 128 characters", async () => {
    const room = await start();
    for (const [bad, bound] of [
      ["short", "greater than or equal to 32"],
      ["x".repeat(129), "less than or equal to 128"],
    ] as const)
      await expect(room.start("SELECT 1", { ClientRequestToken: bad })).rejects.toThrow(bound);
  });

  test("of a refused statement is free again", async () => {
    const room = await start();
    const ClientRequestToken = token("a");
    await expect(room.start("SELECT BROKEN", { ClientRequestToken })).rejects.toMatchObject({
      AthenaErrorCode: "MALFORMED_QUERY",
    });
    await room.settled(await room.start("SELECT 1", { ClientRequestToken }));
    expect(runs(room)).toBe(1);
  });

  test("is remembered by the next runtime, with the query's result", async () => {
    const first = await start();
    first.engine.answer = async () => ({
      columns: [varchar("a"), varchar("b")],
      rows: [
        ['quote " and\nline', null],
        ["", "ü"],
      ],
    });
    const { execution } = await first.run("SELECT a, b", { ClientRequestToken: token("a") });
    const second = await start({ stateDir: first.stateDir, objects: first.objects });
    const id = await second.start("SELECT a, b", { ClientRequestToken: token("a") });
    expect(id).toBe(execution.QueryExecutionId);
    expect(runs(second)).toBe(0);
    expect((await second.results(id)).rows).toEqual([
      ["a", "b"],
      ['quote " and\nline', undefined],
      ["", "ü"],
    ]);
  });
});

describe("a query", () => {
  test("that ran when the runtime died is FAILED, its effect unknown, and never runs again", async () => {
    const first = await start();
    first.engine.answer = () => new Promise(() => undefined);
    const id = await first.start("INSERT INTO t VALUES (1)", { ClientRequestToken: token("a") });
    const second = await start({ stateDir: first.stateDir });
    expect((await second.get(id)).Status).toMatchObject({
      State: "FAILED",
      StateChangeReason: expect.stringContaining("not known"),
    });
    expect(await second.start("INSERT INTO t VALUES (1)", { ClientRequestToken: token("a") })).toBe(id);
    expect(runs(second)).toBe(0);
  });

  test("that is stopped stays RUNNING until the engine has ended, and ends CANCELLED though it took effect", async () => {
    const room = await start();
    const engine = Promise.withResolvers<object>();
    room.engine.answer = () => engine.promise;
    const id = await room.start("INSERT INTO t VALUES (1)");
    while ((await room.get(id)).Status?.State !== "RUNNING");
    await room.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect((await room.get(id)).Status?.State).toBe("RUNNING");
    expect(room.engine.seen[0]?.options.signal?.aborted).toBe(true);
    engine.resolve({});
    expect((await room.settled(id)).Status).toMatchObject({
      State: "CANCELLED",
      StateChangeReason: "Query cancelled by user",
    });
    await expect(room.results(id)).rejects.toMatchObject({ AthenaErrorCode: "RESULT_NOT_FOUND" });
    await room.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
  });

  test("that reads more than its workgroup allows is cancelled", async () => {
    const room = await start();
    room.engine.answer = async (_sql, options) => {
      options.onStats?.({ ...stats, physicalInputBytes: 101 });
      return {};
    };
    const ended = await room.settled(await room.start("SELECT 1", { WorkGroup: "small" }));
    expect(ended.Status).toMatchObject({
      State: "CANCELLED",
      StateChangeReason: expect.stringContaining("Bytes scanned limit"),
    });
  });

  test("past the engine's places waits as QUEUED", async () => {
    const room = await start();
    const gate = Promise.withResolvers<object>();
    room.engine.answer = () => gate.promise;
    const ids = await Promise.all(Array.from({ length: 8 }, () => room.start("SELECT 1")));
    const states = async () => (await Promise.all(ids.map(room.get))).map(({ Status }) => Status?.State);
    while ((await states()).filter((state) => state === "RUNNING").length < 6);
    expect((await states()).filter((state) => state === "QUEUED")).toHaveLength(2);
    const waiting = (await states()).indexOf("QUEUED");
    await room.client.send(new StopQueryExecutionCommand({ QueryExecutionId: ids[waiting] ?? "" }));
    expect((await room.settled(ids[waiting] ?? "")).Status?.State).toBe("CANCELLED");
    gate.resolve({});
    for (const id of ids) await room.settled(id);
    expect(runs(room)).toBe(7);
  });

  test("tells its kind, its numbers and where its result lies", async () => {
    const room = await start();
    room.engine.answer = async (_sql, options) => {
      options.onStats?.(stats);
      return {};
    };
    const { execution } = await room.run("SELECT 1");
    expect(execution).toMatchObject({
      StatementType: "DML",
      SubstatementType: "SELECT",
      WorkGroup: "write",
      Query: "SELECT 1",
      ResultConfiguration: { OutputLocation: `s3://results/write/${execution.QueryExecutionId}.csv` },
      Statistics: { DataScannedInBytes: 7 },
    });
    expect(execution.Status?.CompletionDateTime).toBeInstanceOf(Date);
    const { QueryRuntimeStatistics } = await room.client.send(
      new GetQueryRuntimeStatisticsCommand({ QueryExecutionId: execution.QueryExecutionId }),
    );
    expect(QueryRuntimeStatistics?.Rows?.OutputRows).toBe(1);
    const insert = await room.run("INSERT INTO t VALUES (1)");
    expect(insert).toMatchObject({ rows: [], updateCount: 1 });
    expect(insert.execution.ResultConfiguration?.OutputLocation).toBe(
      `s3://results/write/${insert.execution.QueryExecutionId}`,
    );
  });

  test("gives its result page by page", async () => {
    const room = await start();
    room.engine.answer = async () => ({ rows: Array.from({ length: 5 }, (_, i) => [String(i)]) });
    const { execution } = await room.run("SELECT a");
    const seen: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await room.client.send(
        new GetQueryResultsCommand({ QueryExecutionId: execution.QueryExecutionId, MaxResults: 2, NextToken }),
      );
      seen.push(...(page.ResultSet?.Rows ?? []).map((row) => row.Data?.[0]?.VarCharValue));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(seen).toEqual(["a", "0", "1", "2", "3", "4"]);
  });

  test("is listed, and found in a batch", async () => {
    const room = await start();
    const { execution } = await room.run("SELECT 1");
    const listed = await room.client.send(new ListQueryExecutionsCommand({ WorkGroup: "write" }));
    expect(listed.QueryExecutionIds).toEqual([execution.QueryExecutionId]);
    const batch = await room.client.send(
      new BatchGetQueryExecutionCommand({ QueryExecutionIds: [execution.QueryExecutionId ?? "", "none"] }),
    );
    expect(batch.QueryExecutions).toHaveLength(1);
    expect(batch.UnprocessedQueryExecutionIds).toMatchObject([{ QueryExecutionId: "none" }]);
  });

  test("that does not exist, or has no place for its result, is refused", async () => {
    const room = await start();
    await expect(room.get("none")).rejects.toMatchObject({
      name: "InvalidRequestException",
      message: "QueryExecution none was not found",
    });
    await expect(room.start("SELECT 1", { WorkGroup: "none" })).rejects.toThrow("WorkGroup is not found.");
    await expect(room.start("SELECT 1", { WorkGroup: "primary" })).rejects.toThrow("No output location provided");
    await expect(room.start("x".repeat(262_145))).rejects.toThrow("less than or equal to 262144");
  });

  test("with parameters runs with their values, prepared or not", async () => {
    const room = await start();
    await room.run("SELECT ?, ?", { ExecutionParameters: ["1", "it's"] });
    await room.run("PREPARE p FROM SELECT ? FROM t");
    await room.run("EXECUTE p USING 'x'");
    await room
      .run("EXECUTE p", { ExecutionParameters: [] })
      .catch((error: Error) => expect(error.message).toContain("expected 1 but found 0"));
    expect(room.engine.seen.map(({ sql }) => sql)).toEqual([
      "SELECT (1), 'it''s'",
      `SELECT ('x') FROM "lake"."db"."t"`,
    ]);
    await expect(room.start("DELETE FROM t WHERE a = ?", { ExecutionParameters: ["1"] })).rejects.toThrow(
      "Parameters are supported",
    );
  });
});

describe("implied permissions", () => {
  const resources = (table: string) =>
    ["catalog", "database/db", `table/db/${table}`].map((name) => `arn:aws:glue:eu-west-1:000000000000:${name}`);
  const results = [
    "arn:aws:s3:::results",
    "arn:aws:s3:::results/*",
    "arn:aws:athena:eu-west-1:000000000000:workgroup/write",
  ];
  const reader = roleAllowing(
    "Reader",
    ["athena:*", "s3:PutObject", "s3:GetBucketLocation", "s3:GetObject", "glue:GetTable", "glue:GetDatabase"],
    [...results, ...resources("t"), "arn:aws:s3:::lake/db/t/*"],
  );

  test.each([
    ["SELECT * FROM t", undefined],
    ["SELECT * FROM u", "glue:GetTable"],
    ["SELECT * FROM t JOIN u ON true", "glue:GetTable"],
    ["INSERT INTO t VALUES (1)", "glue:UpdateTable"],
    ["DROP TABLE t", "glue:DeleteTable"],
    ["OPTIMIZE t REWRITE DATA USING BIN_PACK", "glue:UpdateTable"],
    ["SELECT * FROM v", "glue:GetTable"],
  ])("%s: the query ends by %s", async (sql, refused) => {
    const room = await start({ roles: [reader] });
    room.registry.putView({
      database: "db",
      table: "v",
      sql: "",
      uses: [{ database: "db", table: "u" }],
      createdAt: 0,
    });
    const caller = room.clientOf("Reader");
    const { Status } = await caller.settled(await caller.start(sql));
    if (refused === undefined) expect(Status?.State).toBe("SUCCEEDED");
    else
      expect(Status).toMatchObject({
        State: "FAILED",
        StateChangeReason: expect.stringContaining(refused),
        AthenaError: { ErrorCategory: 2 },
      });
    expect(runs(room)).toBe(refused === undefined ? 1 : 0);
  });

  test("VACUUM without s3:DeleteObject succeeds and deletes nothing", async () => {
    const glue = roleAllowing(
      "Vacuum",
      ["athena:*", "s3:GetObject", "s3:PutObject", "s3:GetBucketLocation", "glue:*"],
      ["*"],
    );
    const room = await start({ roles: [glue] });
    const caller = room.clientOf("Vacuum");
    await caller.run("VACUUM t");
    expect(runs(room)).toBe(0);
    await room.run("VACUUM t");
    expect(runs(room)).toBe(2);
  });
});

describe("faults for tests", () => {
  test("a lost reply: the query runs, and the token finds it again", async () => {
    let lost = true;
    const room = await start({ faults: { dropResponse: () => lost } });
    const ClientRequestToken = token("a");
    await expect(room.start("SELECT 1", { ClientRequestToken })).rejects.toMatchObject({
      name: "InternalServerException",
    });
    lost = false;
    await room.settled(await room.start("SELECT 1", { ClientRequestToken }));
    expect(runs(room)).toBe(1);
  });

  test("FAILED although the commit happened", async () => {
    const room = await start({ faults: { reportFailedAlthoughCommitted: () => "ICEBERG_COMMIT_ERROR: unknown" } });
    const ended = await room.settled(await room.start("INSERT INTO t VALUES (1)"));
    expect(ended.Status).toMatchObject({ State: "FAILED", StateChangeReason: "ICEBERG_COMMIT_ERROR: unknown" });
    expect(runs(room)).toBe(1);
  });

  test("a delay keeps the query QUEUED, and a stop meanwhile keeps it from the engine", async () => {
    const room = await start({ faults: { delay: () => 60_000 } });
    const id = await room.start("SELECT 1");
    expect((await room.get(id)).Status?.State).toBe("QUEUED");
    await room.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect((await room.settled(id)).Status?.State).toBe("CANCELLED");
    expect(runs(room)).toBe(0);
  });

  test("what happens between commit and final state can be held back", async () => {
    const gate = Promise.withResolvers<void>();
    const room = await start({ faults: { afterCommit: () => gate.promise } });
    const id = await room.start("SELECT 1");
    while (runs(room) === 0) await room.get(id);
    expect((await room.get(id)).Status?.State).toBe("RUNNING");
    gate.resolve();
    expect((await room.settled(id)).Status?.State).toBe("SUCCEEDED");
  });
});
