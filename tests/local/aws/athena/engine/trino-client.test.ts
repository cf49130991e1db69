import { expect, test } from "@jest/globals";
import { createTrinoClient } from "../../../../../local/aws/athena/engine/trino-client.ts";

type Reply = { readonly status?: number; readonly body?: object | string; readonly refuse?: boolean };

const stats = { state: "RUNNING", physicalInputBytes: 5 };
const column = { name: "a", type: "bigint", typeSignature: { rawType: "bigint", arguments: [] } };

/** A fetch that gives these replies in order and keeps what was asked. */
function scripted(replies: readonly Reply[]) {
  const asked: string[] = [];
  const queue = [...replies];
  const send = async (input: unknown, init?: RequestInit): Promise<Response> => {
    asked.push(`${init?.method} ${String(input)}`);
    const { status = 200, body = "", refuse = false } = queue.shift() ?? { status: 410 };
    if (refuse) throw Object.assign(new Error("connect"), { cause: { code: "ECONNREFUSED" } });
    return new Response(init?.method === "DELETE" ? null : typeof body === "string" ? body : JSON.stringify(body), {
      status: init?.method === "DELETE" ? 204 : status,
    });
  };
  // The client only ever calls it with an address and an init.
  return {
    asked,
    client: createTrinoClient({ url: "http://engine", fetch: send as typeof fetch, sleep: async () => undefined }),
  };
}

test("pages are followed to the end and their rows put together", async () => {
  const { client, asked } = scripted([
    { body: { id: "q", nextUri: "http://engine/1", stats } },
    { body: { id: "q", nextUri: "http://engine/2", columns: [column], data: [[1]], stats } },
    { body: { id: "q", columns: [column], data: [[2]], stats: { ...stats, state: "FINISHED" } } },
  ]);
  expect(await client.run("SELECT a")).toMatchObject({ rows: [[1], [2]], columns: [column] });
  expect(asked).toEqual(["POST http://engine/v1/statement", "GET http://engine/1", "GET http://engine/2"]);
});

test("integers past 2^53 keep their digits", async () => {
  const body = `{"id":"q","columns":[${JSON.stringify(column)}],"data":[[3417404266651574396],[-9223372036854775808],[7],[1.0E20]],"stats":{"state":"FINISHED"}}`;
  const { client } = scripted([{ body }]);
  expect((await client.run("SELECT a")).rows).toEqual([["3417404266651574396"], ["-9223372036854775808"], [7], [1e20]]);
});

test("503 and a broken connection while reading are asked again, a submission only when it was refused", async () => {
  const { client, asked } = scripted([
    { refuse: true },
    { status: 503 },
    { body: { id: "q", nextUri: "http://engine/1", stats } },
    { refuse: true },
    { status: 502 },
    { body: { id: "q", stats } },
  ]);
  await client.run("SELECT 1");
  expect(asked.filter((one) => one.startsWith("POST"))).toHaveLength(3);
  expect(asked.filter((one) => one.startsWith("GET"))).toHaveLength(3);
});

test("a submission cut off in mid-air is not repeated: it may have taken effect", async () => {
  const send = async (): Promise<Response> =>
    Promise.reject(Object.assign(new Error("reset"), { cause: { code: "ECONNRESET" } }));
  const client = createTrinoClient({ url: "http://engine", fetch: send as typeof fetch });
  await expect(client.run("INSERT INTO t VALUES (1)")).rejects.toMatchObject({
    code: "ENGINE_UNREACHABLE",
    retriable: true,
  });
});

test("an engine that stays silent is unreachable, one that forgot the query as well", async () => {
  const silent = scripted(Array.from({ length: 500 }, () => ({ status: 503 })));
  await expect(silent.client.run("SELECT 1")).rejects.toMatchObject({ code: "ENGINE_UNREACHABLE" });
  const forgot = scripted([{ body: { id: "q", nextUri: "http://engine/1", stats } }, { status: 410 }]);
  await expect(forgot.client.run("SELECT 1")).rejects.toMatchObject({ code: "ENGINE_UNREACHABLE" });
});

test("an error of the engine has its name and kind", async () => {
  const error = { message: "line 1:15: no", errorName: "TABLE_NOT_FOUND", errorType: "USER_ERROR" };
  const { client } = scripted([{ body: { id: "q", stats, error } }]);
  await expect(client.run("SELECT")).rejects.toMatchObject({
    errorName: "TABLE_NOT_FOUND",
    errorType: "USER_ERROR",
    queryId: "q",
  });
});

test("a cancel is told to the engine, whose last word is waited for", async () => {
  const stop = new AbortController();
  const cancelled = { message: "cancelled", errorName: "USER_CANCELED", errorType: "USER_ERROR" };
  const { client, asked } = scripted([
    { body: { id: "q", nextUri: "http://engine/1", stats } },
    {},
    { body: { id: "q", stats, error: cancelled } },
  ]);
  const run = client.run("SELECT 1", { signal: stop.signal, onStats: () => stop.abort() });
  await expect(run).rejects.toMatchObject({ errorName: "USER_CANCELED" });
  expect(asked).toContain("DELETE http://engine/1");
});

test("only a syntax error is one, and its column counts from the caller's own text", async () => {
  const syntax = { message: "line 1:29: mismatched input", errorName: "SYNTAX_ERROR", errorType: "USER_ERROR" };
  const other = { message: "no", errorName: "GENERIC_INTERNAL_ERROR", errorType: "INTERNAL_ERROR" };
  const { client } = scripted([
    { body: { id: "q", stats, error: syntax } },
    { body: { id: "q", stats, error: other } },
    { body: { id: "q", stats } },
  ]);
  expect(await client.syntaxError("SELEC 1")).toBe("line 1:1: mismatched input");
  expect(await client.syntaxError("SELECT 1")).toBeUndefined();
  expect(await client.syntaxError("SELECT 1")).toBeUndefined();
});
