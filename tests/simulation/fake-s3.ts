import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Ground, SimProcess } from "./process.ts";

export type StoredObject = { readonly body: Uint8Array; readonly etag: string; readonly lastModifiedMs: number };

export type FakeS3 = {
  /** `bucket/key` → object. */
  readonly objects: Map<string, StoredObject>;
  put(bucket: string, key: string, body: Uint8Array): void;
  client(process: SimProcess): S3Client;
};

type PutInput = { Bucket?: string; Key?: string; Body?: Uint8Array | string; IfMatch?: string; IfNoneMatch?: string };

/** A request may lie somewhere for longer than its sender waits, up to the time for which its signature holds. */
const maxLateMs = 14 * 60_000;

/** A connection that stalls: no timeout of ours ends it. */
const maxStuckMs = 5 * 60_000;

/** Buckets as one account sees them: atomic conditional writes, consistent reads and listings, times of whole seconds. */
export function createFakeS3(
  { scheduler, plan, trace }: Ground,
  onPut: (key: string, body: Uint8Array) => void,
): FakeS3 {
  const objects = new Map<string, StoredObject>();
  const put = (bucket: string, key: string, body: Uint8Array): string => {
    // The same bytes have the same etag, also after other bytes in between.
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    objects.set(`${bucket}/${key}`, { body, etag, lastModifiedMs: Math.floor(scheduler.now() / 1000) * 1000 });
    onPut(key, body);
    return etag;
  };
  const write = (input: PutInput) => {
    const { Bucket: bucket = "", Key: key = "", Body = "", IfMatch, IfNoneMatch } = input;
    const known = objects.get(`${bucket}/${key}`);
    if (IfNoneMatch !== undefined && known !== undefined) throw answer(412);
    if (IfMatch !== undefined && known === undefined) throw answer(404);
    if (IfMatch !== undefined && known?.etag !== IfMatch) throw answer(412);
    const isConditional = IfMatch !== undefined || IfNoneMatch !== undefined;
    if (isConditional && plan.strikes("s3.409")) throw answer(409);
    return { ETag: put(bucket, key, typeof Body === "string" ? Buffer.from(Body) : Body) };
  };
  const read = (bucket: string, key: string) => {
    const found = objects.get(`${bucket}/${key}`);
    if (found === undefined) throw new NoSuchKey({ message: "no such key", $metadata: { httpStatusCode: 404 } });
    const { body, etag } = found;
    const Body = {
      transformToByteArray: async () => body.slice(),
      transformToString: async () => Buffer.from(body).toString("utf8"),
    };
    return { ETag: etag, Body };
  };
  const list = (bucket: string, prefix: string) => {
    const start = `${bucket}/${prefix}`;
    const Contents = [...objects]
      .filter(([name]) => name.startsWith(start))
      .map(([name, one]) => ({ Key: name.slice(bucket.length + 1), LastModified: new Date(one.lastModifiedMs) }))
      .sort((a, b) => (a.Key < b.Key ? -1 : 1));
    return { Contents, IsTruncated: false };
  };
  const effect = (command: unknown): unknown => {
    if (command instanceof PutObjectCommand) return write(command.input as PutInput); // as: bodies of ours are bytes or text
    if (command instanceof GetObjectCommand) return read(command.input.Bucket ?? "", command.input.Key ?? "");
    if (command instanceof ListObjectsV2Command) return list(command.input.Bucket ?? "", command.input.Prefix ?? "");
    if (command instanceof DeleteObjectCommand) {
      objects.delete(`${command.input.Bucket}/${command.input.Key}`);
      return {};
    }
    throw new Error("simulation: a command of S3 that is not known");
  };
  const isWrite = (command: unknown): boolean =>
    command instanceof PutObjectCommand || command instanceof DeleteObjectCommand;

  return {
    objects,
    put: (bucket, key, body) => void put(bucket, key, body),
    client: (process) => {
      const send = (command: unknown): Promise<unknown> =>
        process.call(40, async () => {
          if (plan.strikes("s3.503")) throw answer(503);
          if (plan.strikes("s3.slow")) await scheduler.sleep(plan.random("s3.slow-ms") * 20_000);
          if (plan.strikes("s3.stuck")) await scheduler.sleep(plan.random("s3.stuck-ms") * maxStuckMs);
          if (isWrite(command) && plan.strikes("s3.late")) {
            const lateMs = plan.random("s3.late-ms") * maxLateMs;
            void scheduler.sleep(lateMs).then(() => {
              trace(`a late ${(command as object).constructor.name} of ${process.name} arrives`);
              try {
                effect(command);
              } catch {
                // Nobody waits for the answer.
              }
            });
            throw new Error("socket hang up");
          }
          const result = effect(command);
          if (plan.strikes("s3.reply-lost")) throw new Error("connection reset");
          return result;
        });
      return { send } as unknown as S3Client; // as: our code uses nothing of a client but this
    },
  };
}

function answer(status: number): Error {
  return Object.assign(new Error(`S3 answers ${status}`), { $metadata: { httpStatusCode: status } });
}
