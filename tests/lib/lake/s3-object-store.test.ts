import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "@jest/globals";
import { LakeError } from "../../../lib/lake/errors.ts";
import { createS3ObjectStore } from "../../../lib/lake/s3-object-store.ts";

type Answer = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | "broken";
type Seen = { method: string; path: string; query: Record<string, unknown>; headers: Record<string, string> };

/** A store whose client's requests are answered from a list; the SDK itself does not retry. */
function storeAnswering(...answers: Answer[]) {
  const seen: Seen[] = [];
  const slept: number[] = [];
  const client = new S3Client({
    region: "eu-west-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    endpoint: "http://127.0.0.1:1",
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: Seen) => {
        seen.push(request);
        const answer = answers.shift() ?? { status: 500 };
        if (answer === "broken") throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
        const { status, headers = {}, body = "" } = answer;
        const { Readable } = await import("node:stream");
        return { response: { statusCode: status, headers, body: Readable.from(Buffer.from(body)) } };
      },
    },
  });
  const clock = { now: () => 0, sleep: async (ms: number) => void slept.push(ms) };
  return { store: createS3ObjectStore({ client, bucket: "stage", clock, random: () => 0.5 }), seen, slept };
}

const bytes = new TextEncoder().encode("{}");
const ok: Answer = { status: 200, headers: { etag: '"e1"' } };
const error = (status: number, code: string): Answer => ({
  status,
  headers: { "content-type": "application/xml" },
  body: `<Error><Code>${code}</Code><Message>no</Message></Error>`,
});

describe("the object store on S3", () => {
  test("writes only when absent, or only when unchanged, by S3's own conditions", async () => {
    const { store, seen } = storeAnswering(ok, ok);
    expect(await store.putIfAbsent("k", bytes)).toEqual({ kind: "written", etag: '"e1"' });
    expect(await store.putIfMatch("k", bytes, '"e0"')).toEqual({ kind: "written", etag: '"e1"' });
    expect(seen[0]?.headers["if-none-match"]).toBe("*");
    expect(seen[1]?.headers["if-match"]).toBe('"e0"');
  });

  test.each([
    ["a failed condition", error(412, "PreconditionFailed")],
    ["an object that is gone", error(404, "NoSuchKey")],
  ])("answers %s as a refusal, not as an error", async (_, answer) => {
    expect(await storeAnswering(answer).store.putIfMatch("k", bytes, "e")).toEqual({ kind: "refused" });
  });

  test.each([
    ["409 of two writers at once", error(409, "ConditionalRequestConflict")],
    ["503 SlowDown", error(503, "SlowDown")],
    ["a broken connection", "broken" as const],
  ])("tries again after %s", async (_, answer) => {
    const { store, seen, slept } = storeAnswering(answer, answer, ok);
    expect(await store.putIfAbsent("k", bytes)).toEqual({ kind: "written", etag: '"e1"' });
    expect(seen).toHaveLength(3);
    expect(slept).toEqual([200, 400]);
  });

  test("gives up after some attempts, saying that a repeat may help", async () => {
    const { store } = storeAnswering(...Array.from({ length: 9 }, () => error(503, "SlowDown")));
    await expect(store.get("k")).rejects.toMatchObject({ code: "LAKE_TRANSIENT", retriable: true });
  });

  test("does not repeat what is refused for good", async () => {
    const { store, seen } = storeAnswering(error(403, "AccessDenied"));
    await expect(store.list("p/")).rejects.toThrow(LakeError);
    expect(seen).toHaveLength(1);
  });

  test("answers undefined for a key that is not there", async () => {
    expect(await storeAnswering(error(404, "NoSuchKey")).store.get("k")).toBeUndefined();
  });

  test("lists page after page", async () => {
    const page = (key: string, more: boolean): Answer => ({
      status: 200,
      headers: { "content-type": "application/xml" },
      body: `<ListBucketResult><IsTruncated>${more}</IsTruncated>${more ? "<NextContinuationToken>t</NextContinuationToken>" : ""}<Contents><Key>${key}</Key><LastModified>2026-11-21T12:00:00.000Z</LastModified></Contents></ListBucketResult>`,
    });
    const { store, seen } = storeAnswering(page("a", true), page("b", false));
    expect(await store.list("p/")).toEqual([
      { key: "a", lastModifiedMs: Date.UTC(2026, 10, 21, 12) },
      { key: "b", lastModifiedMs: Date.UTC(2026, 10, 21, 12) },
    ]);
    expect(seen[1]?.query).toMatchObject({ "continuation-token": "t" });
  });
});
