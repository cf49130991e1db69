import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { createLogger } from "../../../../lib/platform/logger.ts";
import { createPrincipals } from "../../../../local/aws/facade/principals.ts";
import { createAuthorizer } from "../../../../local/aws/iam/authorizer.ts";
import { createResourcePolicies } from "../../../../local/aws/iam/resource-policies.ts";
import { createRoles } from "../../../../local/aws/iam/roles.ts";
import { createS3Front, type S3Front } from "../../../../local/aws/s3/front.ts";
import { installEngines } from "../../../../local/engines/install-engines.ts";
import { type RunningEngines, startEngines } from "../../../../local/engines/start-engines.ts";
import { operator } from "../facade/contract-services.ts";

// A project's own testTimeout does not reach its hooks; engines may be fetched and start on a busy machine.
jest.setTimeout(300_000);

const Bucket = "front-contract";
let engines: RunningEngines<"s3">;
let front: S3Front;
let s3: S3Client;
let stateDir: string;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-s3-"));
  engines = await startEngines(await installEngines({ parts: ["s3"] }), { stateDir, only: ["s3"], buckets: [Bucket] });
  const principals = createPrincipals();
  const authorizer = createAuthorizer({ roles: createRoles(), resourcePolicies: createResourcePolicies() });
  const logger = createLogger({ write: () => {} });
  front = await createS3Front({ s3MockUrl: engines.s3.endpoint, principals, authorizer, logger });
  const credentials = principals.issue(operator);
  s3 = new S3Client({ region: "eu-west-1", endpoint: front.url, forcePathStyle: true, maxAttempts: 1, credentials });
});
afterAll(async () => {
  s3?.destroy();
  await front?.close();
  await engines?.stop();
  await rm(stateDir, { recursive: true, force: true });
});

const put = (Key: string, Body: string | Buffer | Readable, extra = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...extra }));
const text = async (Key: string) => (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const outcomes = (tries: readonly PromiseSettledResult<unknown>[]) => {
  const count = new Map<string, number>();
  for (const one of tries) {
    const name = one.status === "fulfilled" ? "done" : one.reason.name;
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  return Object.fromEntries(count);
};

test("of 40 writers that want to be the first exactly one is, ten times in a row", async () => {
  for (let round = 0; round < 10; round++) {
    const writers = Array.from({ length: 40 }, (_, index) =>
      put(`first/${round}`, `writer ${index}`, { IfNoneMatch: "*" }),
    );
    expect(outcomes(await Promise.allSettled(writers))).toEqual({ done: 1, PreconditionFailed: 39 });
  }
});

test("of 40 writers that saw the same version exactly one replaces it, and its bytes are what is read", async () => {
  const { ETag } = await put("swap", "first");
  const writers = Array.from({ length: 40 }, (_, index) => put("swap", `writer ${index}`, { IfMatch: ETag }));
  const settled = await Promise.allSettled(writers);
  expect(outcomes(settled)).toEqual({ done: 1, PreconditionFailed: 39 });
  expect(await text("swap")).toBe(`writer ${settled.findIndex((one) => one.status === "fulfilled")}`);
});

test("a swap of a key that is not there is NoSuchKey", async () => {
  await expect(put("swap-missing", "x", { IfMatch: '"e"' })).rejects.toMatchObject({ name: "NoSuchKey" });
});

test("a reader of a key that is overwritten always gets one whole version", async () => {
  const version = (letter: string) => letter.repeat(200_000);
  await put("overwritten", version("a"));
  const writes = [..."bcdefgh"].map((letter) => put("overwritten", version(letter)));
  const reads = Array.from({ length: 30 }, () => text("overwritten"));
  for (const body of await Promise.all(reads)) expect(body).toBe(version(body?.[0] ?? ""));
  await Promise.all(writes);
});

test("a stream, whose checksum the SDK sends as a trailer, arrives as it was", async () => {
  const body = Buffer.alloc(300_000, "stream ");
  await put("streamed", Readable.from([body.subarray(0, 100_000), body.subarray(100_000)]), {
    ContentLength: body.length,
  });
  expect(await text("streamed")).toBe(body.toString());
});

test("an object in parts is one object, with its size and a range of it", async () => {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "parts/a b=1" }));
  const part = Buffer.alloc(5 * 1024 * 1024 + 1, "p");
  const sent = { Bucket, Key: "parts/a b=1", UploadId };
  const { ETag: one } = await s3.send(new UploadPartCommand({ ...sent, PartNumber: 1, Body: part }));
  const { ETag: two } = await s3.send(new UploadPartCommand({ ...sent, PartNumber: 2, Body: Buffer.from("end") }));
  const Parts = [
    { ETag: one, PartNumber: 1 },
    { ETag: two, PartNumber: 2 },
  ];
  await s3.send(new CompleteMultipartUploadCommand({ ...sent, MultipartUpload: { Parts } }));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "parts/a b=1" }));
  expect(head.ContentLength).toBe(part.length + 3);
  const range = await s3.send(new GetObjectCommand({ Bucket, Key: "parts/a b=1", Range: `bytes=${part.length}-` }));
  expect(await range.Body?.transformToString()).toBe("end");
});

test("objects are listed in pages, copied and deleted", async () => {
  await Promise.all(["c", "a", "b d"].map((name) => put(`list/${name}`, name)));
  const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "list/", MaxKeys: 2 }));
  expect(first.Contents?.map(({ Key }) => Key)).toEqual(["list/a", "list/b d"]);
  const rest = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: "list/", ContinuationToken: first.NextContinuationToken }),
  );
  expect(rest.Contents?.map(({ Key }) => Key)).toEqual(["list/c"]);
  await s3.send(
    new CopyObjectCommand({ Bucket, Key: "list/copy", CopySource: `${Bucket}/${encodeURIComponent("list/b d")}` }),
  );
  expect(await text("list/copy")).toBe("b d");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "list/copy" }));
  const Objects = ["list/a", "list/b d"].map((Key) => ({ Key }));
  const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(deleted.Deleted?.map(({ Key }) => Key).sort()).toEqual(["list/a", "list/b d"]);
  const left = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "list/" }));
  expect(left.Contents?.map(({ Key }) => Key)).toEqual(["list/c"]);
});

test("buckets are made, found and listed", async () => {
  await s3.send(new CreateBucketCommand({ Bucket: "front-second" }));
  await s3.send(new HeadBucketCommand({ Bucket: "front-second" }));
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets?.map(({ Name }) => Name)).toEqual(expect.arrayContaining([Bucket, "front-second"]));
  await expect(s3.send(new HeadBucketCommand({ Bucket: "front-none" }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 404 },
  });
});
