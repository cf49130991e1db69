import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { WallClock } from "../platform/clock.ts";
import { LakeError, permanentError, transientError } from "./errors.ts";
import type { ConditionalWrite, ListedObject, ObjectStore, StoredObject } from "./object-store.ts";

type S3StoreDeps = {
  readonly client: S3Client;
  readonly bucket: string;
  readonly clock: WallClock;
  readonly random: () => number;
};

/** Beyond the SDK's own three: a conflict of two conditional writes (409) is over within a second. */
const maxAttempts = 5;
const firstBackoffMs = 100;

/** The object store over one bucket. Retries what is worth it; throws LakeError. */
export function createS3ObjectStore(deps: S3StoreDeps): ObjectStore {
  const { client, bucket } = deps;
  const put = (key: string, body: Uint8Array, condition: PutCondition): Promise<ConditionalWrite> =>
    withRetry(deps, "put", async () => {
      const input = { Bucket: bucket, Key: key, Body: body, ...condition };
      const { ETag } = await client.send(new PutObjectCommand(input));
      return { kind: "written", etag: ETag ?? "" };
    });
  return {
    get: (key) => withRetry(deps, "get", () => read(client, bucket, key)),
    putIfAbsent: (key, body) => put(key, body, { IfNoneMatch: "*" }).catch(refusedWhenConditionFailed),
    putIfMatch: (key, body, etag) => put(key, body, { IfMatch: etag }).catch(refusedWhenConditionFailed),
    delete: (key) =>
      withRetry(deps, "delete", async () => {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      }),
    list: (prefix) => withRetry(deps, "list", () => listAll(client, bucket, prefix)),
  };
}

type PutCondition = { readonly IfNoneMatch: "*" } | { readonly IfMatch: string };

async function read(client: S3Client, bucket: string, key: string): Promise<StoredObject | undefined> {
  try {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const body = (await Body?.transformToByteArray()) ?? new Uint8Array();
    return { body, etag: ETag ?? "" };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function listAll(client: S3Client, bucket: string, prefix: string): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  let token: string | undefined;
  do {
    const page: ListObjectsV2CommandOutput = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    for (const { Key, LastModified } of page.Contents ?? []) {
      if (Key !== undefined) found.push({ key: Key, lastModifiedMs: LastModified?.getTime() ?? 0 });
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return found;
}

/** 412: the condition did not hold. 404: If-Match on an object that is gone. Both are answers, not errors. */
function refusedWhenConditionFailed(error: unknown): ConditionalWrite {
  const status = statusOf(error instanceof LakeError ? error.cause : error);
  if (status === 412 || status === 404) return { kind: "refused" };
  throw error;
}

async function withRetry<T>(deps: S3StoreDeps, operation: string, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error)) throw permanentError(`s3 ${operation}`, error);
      if (count === maxAttempts) throw transientError(`s3 ${operation}`, error);
      await deps.clock.sleep(firstBackoffMs * 2 ** count * (0.5 + deps.random()));
    }
  }
}

/** No status at all is a broken connection. 409 is ConditionalRequestConflict; 503 SlowDown; 429 throttling. */
function isTransient(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status >= 500 || status === 409 || status === 429 || status === 408;
}

function statusOf(error: unknown): number | undefined {
  // as: SDK errors carry their metadata in this shape; anything else has none.
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
}
