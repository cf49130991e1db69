import {
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createLogger } from "../../../../lib/platform/logger.ts";
import { createPrincipals } from "../../../../local/aws/facade/principals.ts";
import { createAuthorizer } from "../../../../local/aws/iam/authorizer.ts";
import { createResourcePolicies } from "../../../../local/aws/iam/resource-policies.ts";
import { createRoles } from "../../../../local/aws/iam/roles.ts";
import type { S3Call, S3Hooks } from "../../../../local/aws/s3/faults.ts";
import { createS3Front, type S3Front } from "../../../../local/aws/s3/front.ts";
import type { ObjectCreated } from "../../../../local/aws/s3/notifications.ts";
import { operator, roleAllowing } from "../facade/contract-services.ts";
import { startRacyS3 } from "./racy-s3.ts";

const Bucket = "wikilake-local-stage-000000000000";
const bucketArn = `arn:aws:s3:::${Bucket}`;
const hooks: { before?: S3Hooks["before"]; after?: S3Hooks["after"] } = {};
const authorizer = createAuthorizer({
  resourcePolicies: createResourcePolicies(),
  roles: createRoles([
    roleAllowing("Writer", ["s3:GetObject", "s3:PutObject"], [`${bucketArn}/stage/*`]),
    roleAllowing("Lister", ["s3:GetObject", "s3:ListBucket"], [bucketArn, `${bucketArn}/stage/*`]),
    roleAllowing("PutOnly", ["s3:PutObject"], [`${bucketArn}/stage/*`]),
    roleAllowing("Deleter", ["s3:DeleteObject"], [`${bucketArn}/stage/*`]),
  ]),
});
const principals = createPrincipals();
let upstream: Awaited<ReturnType<typeof startRacyS3>>;
let front: S3Front;
let now: number | undefined;

beforeEach(async () => {
  delete hooks.before;
  delete hooks.after;
  now = undefined;
  upstream = await startRacyS3();
  const logger = createLogger({ write: () => {} });
  const own: S3Hooks = { before: (call) => hooks.before?.(call), after: (call, status) => hooks.after?.(call, status) };
  front = await createS3Front({
    s3MockUrl: upstream.url,
    principals,
    authorizer,
    logger,
    hooks: own,
    now: () => now ?? Date.now(),
  });
});
afterEach(async () => {
  await front.close();
  await upstream.close();
});

const s3 = (role?: string, maxAttempts = 1): S3Client =>
  new S3Client({
    region: "eu-west-1",
    endpoint: front.url,
    forcePathStyle: true,
    maxAttempts,
    credentials: principals.issue(role ? authorizer.roleByArn(role) : operator),
  });
const put = (Key: string, Body: string, extra = {}) => new PutObjectCommand({ Bucket, Key, Body, ...extra });

test("of 40 writers that want to be the first, exactly one is; the others get PreconditionFailed", async () => {
  const client = s3("Writer");
  const tries = await Promise.allSettled(
    Array.from({ length: 40 }, (_, index) => client.send(put("stage/slot", `writer ${index}`, { IfNoneMatch: "*" }))),
  );
  const failures = tries.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(failures).toHaveLength(39);
  expect(new Set(failures.map(({ name, $metadata }) => `${name} ${$metadata.httpStatusCode}`))).toEqual(
    new Set(["PreconditionFailed 412"]),
  );
});

test("of 40 writers that saw the same version, exactly one replaces it", async () => {
  const client = s3("Writer");
  const { ETag } = await client.send(put("stage/slot", "first"));
  const tries = await Promise.allSettled(
    Array.from({ length: 40 }, (_, index) => client.send(put("stage/slot", `writer ${index}`, { IfMatch: ETag }))),
  );
  expect(tries.filter((one) => one.status === "fulfilled")).toHaveLength(1);
});

test("a reader never meets a half-written object", async () => {
  const client = s3("Writer");
  const text = (letter: string): string => letter.repeat(10_000);
  await client.send(put("stage/slot", text("a")));
  const writes = ["b", "c", "d"].map((letter) => client.send(put("stage/slot", text(letter))));
  const reads = Array.from({ length: 20 }, async () => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "stage/slot" }));
    return Body?.transformToString();
  });
  const seen = await Promise.all([...reads, ...writes]);
  for (const body of seen.slice(0, 20)) expect([text("a"), text("b"), text("c"), text("d")]).toContain(body);
});

test("a key that the role may not touch is refused and never reaches the store", async () => {
  const refused = await s3("Writer")
    .send(put("control/x", "x"))
    .catch((error) => error);
  expect(refused).toMatchObject({ name: "AccessDenied", $metadata: { httpStatusCode: 403 } });
  expect(refused.message).toContain(`is not authorized to perform: s3:PutObject on resource: ${bucketArn}/control/x`);
  expect(upstream.seen).toHaveLength(0);
});

test.each([
  ["dot segments are part of the name", "stage/../control/x"],
  ["an encoded dot segment too", "stage/%2e%2e/x"],
  ["and so is what a server could take for a parameter", "stage/x;v=1"],
])("%s: the key that is checked is the key that is stored", async (_name, Key) => {
  await s3("Writer").send(put(Key, "x"));
  expect([...upstream.objects.keys()]).toEqual([`/${Bucket}/${Key.split("/").map(encodeURIComponent).join("/")}`]);
});

test("a missing key is NoSuchKey to who may list the bucket, and a refusal to who may not", async () => {
  const get = new GetObjectCommand({ Bucket, Key: "stage/none" });
  expect(
    await s3("Lister")
      .send(get)
      .catch((error) => error),
  ).toBeInstanceOf(NoSuchKey);
  await expect(s3("Writer").send(get)).rejects.toMatchObject({ name: "AccessDenied" });
  const head = new HeadObjectCommand({ Bucket, Key: "stage/none" });
  await expect(s3("Lister").send(head)).rejects.toMatchObject({ name: "NotFound", $metadata: { httpStatusCode: 404 } });
  await expect(s3("Writer").send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
});

test("If-Match wants the right to read as well", async () => {
  await expect(s3("PutOnly").send(put("stage/a", "x", { IfMatch: '"e"' }))).rejects.toThrow("s3:GetObject");
});

test("DeleteObjects answers for each key: done, or refused", async () => {
  const Objects = [{ Key: "stage/a" }, { Key: "control/<b>" }];
  const answer = await s3("Deleter").send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(answer.Deleted).toEqual([{ Key: "a" }]);
  expect(answer.Errors).toEqual([{ Key: "control/<b>", Code: "AccessDenied", Message: "Access Denied" }]);
});

test("an unknown key id, an old signature and no signature are refused as S3 does", async () => {
  const stranger = new S3Client({
    ...{ region: "eu-west-1", endpoint: front.url, forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId: "NOBODYSKEY", secretAccessKey: "s" },
  });
  await expect(stranger.send(put("stage/a", "x"))).rejects.toMatchObject({ name: "InvalidAccessKeyId" });
  now = Date.now() + 16 * 60_000;
  await expect(s3("Writer").send(put("stage/a", "x"))).rejects.toMatchObject({ name: "RequestTimeTooSkewed" });
  const anonymous = await fetch(`${front.url}/${Bucket}/stage/a`);
  expect([anonymous.status, await anonymous.text()]).toEqual([
    403,
    expect.stringContaining("<Code>AccessDenied</Code>"),
  ]);
});

test("a presigned address works until it expires and its signature is not passed on", async () => {
  await s3("Writer").send(put("stage/a", "hello"));
  const { accessKeyId } = principals.issue(authorizer.roleByArn("Writer"));
  const presigned = (date: string): string =>
    `${front.url}/${Bucket}/stage/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${accessKeyId}%2F20260101%2Feu-west-1%2Fs3%2Faws4_request` +
    `&X-Amz-Date=${date}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0&x-id=GetObject`;
  now = Date.parse("2026-01-01T00:00:30Z");
  await expect((await fetch(presigned("20260101T000000Z"))).text()).resolves.toBe("hello");
  expect((await fetch(presigned("20251231T235900Z"))).status).toBe(403);
});

test("what the pipeline does not use is NotImplemented, and a bad bucket name says so", async () => {
  await expect(s3().send(new GetBucketAclCommand({ Bucket }))).rejects.toMatchObject({ name: "NotImplemented" });
  await expect(s3().send(new CreateMultipartUploadCommand({ Bucket: "UPPER", Key: "k" }))).rejects.toMatchObject({
    name: "InvalidBucketName",
  });
});

test("a store that is gone is ServiceUnavailable, which the SDK repeats", async () => {
  const client = s3("Writer");
  await upstream.close();
  await expect(client.send(put("stage/a", "x"))).rejects.toMatchObject({
    name: "ServiceUnavailable",
    $metadata: { httpStatusCode: 503 },
  });
});

test("S3Mock's 500 for a read that met a deletion is repeated, a failed write is not", async () => {
  await s3("Writer").send(put("stage/a", "x"));
  upstream.broken.answers = 3;
  const { Body } = await s3("Writer").send(new GetObjectCommand({ Bucket, Key: "stage/a" }));
  expect(await Body?.transformToString()).toBe("x");
  upstream.broken.answers = 1;
  await expect(s3("Writer").send(put("stage/a", "y"))).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
});

test("hooks make it throttle, and lose an answer after the write was done", async () => {
  const calls: S3Call[] = [];
  hooks.before = (call) => {
    calls.push(call);
    return calls.length === 1 ? { kind: "answer", status: 503, code: "SlowDown" } : undefined;
  };
  await expect(s3("Writer").send(put("stage/a", "x"))).rejects.toMatchObject({ name: "SlowDown" });
  expect(calls).toEqual([{ operation: "PutObject", bucket: Bucket, key: "stage/a", roleId: "Writer" }]);
  expect(upstream.objects.size).toBe(0);
  hooks.after = () => ({ kind: "lose" });
  await expect(s3("Writer").send(put("stage/a", "x"))).rejects.toThrow("socket hang up");
  expect(upstream.objects.size).toBe(1);
  hooks.after = () => undefined;
  await expect(s3("Writer").send(put("stage/a", "y", { IfNoneMatch: "*" }))).rejects.toMatchObject({
    name: "PreconditionFailed",
  });
});

test("a created object is told to the subscribers of its prefix, a failing one disturbs nobody", async () => {
  const events: ObjectCreated[] = [];
  const told = new Promise<void>((resolve) => {
    front.onObjectCreated(Bucket, "stage/", () => Promise.reject(new Error("broken")));
    front.onObjectCreated(Bucket, "other/", () => resolve());
    front.onObjectCreated(Bucket, "stage/", (event) => {
      events.push(event);
      resolve();
    });
  });
  const { ETag } = await s3("Writer").send(put("stage/a b", "hello"));
  await told;
  expect(events).toMatchObject([
    { bucket: Bucket, key: "stage/a b", size: 5, eTag: ETag?.replaceAll('"', ""), eventName: "ObjectCreated:Put" },
  ]);
});
