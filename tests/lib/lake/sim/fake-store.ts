import { createHash } from "node:crypto";
import { transientError } from "../../../../lib/lake/errors.ts";
import type { ConditionalWrite, ListedObject, ObjectStore } from "../../../../lib/lake/object-store.ts";
import type { SimProcess } from "./process.ts";

type Stored = { readonly body: Uint8Array; readonly etag: string; readonly lastModifiedMs: number };

/** A bucket: atomic conditional writes, consistent reads and listings, times of whole seconds. */
export type Bucket = { readonly objects: Map<string, Stored>; readonly now: () => number };

export function createBucket(now: () => number): Bucket {
  return { objects: new Map(), now };
}

export type StoreFaults = {
  /** Chance, per call, that the call fails before it does anything. */
  readonly refuse: number;
  /** Chance, per call, that it does what it should and the answer is lost. */
  readonly loseReply: number;
};

/** The bucket as one process sees it. */
export function createFakeStore(
  bucket: Bucket,
  process: Pick<SimProcess, "step">,
  random: () => number,
  faults: StoreFaults,
): ObjectStore {
  const { objects } = bucket;
  const call = async <T>(effect: () => T): Promise<T> => {
    await process.step();
    if (random() < faults.refuse) throw transientError("fake", new Error("503"));
    const result = effect();
    await process.step();
    if (random() < faults.loseReply) throw transientError("fake", new Error("connection reset"));
    return result;
  };
  const write = (key: string, body: Uint8Array): ConditionalWrite => {
    // As S3: the same bytes have the same etag, also after other bytes in between.
    const etag = createHash("md5").update(body).digest("hex");
    objects.set(key, { body, etag, lastModifiedMs: Math.floor(bucket.now() / 1000) * 1000 });
    return { kind: "written", etag };
  };
  return {
    get: (key) => call(() => objects.get(key)),
    putIfAbsent: (key, body) => call(() => (objects.has(key) ? { kind: "refused" as const } : write(key, body))),
    putIfMatch: (key, body, etag) =>
      call(() => (objects.get(key)?.etag === etag ? write(key, body) : { kind: "refused" as const })),
    delete: (key) =>
      call(() => {
        objects.delete(key);
      }),
    list: (prefix) =>
      call((): ListedObject[] =>
        [...objects]
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, { lastModifiedMs }]) => ({ key, lastModifiedMs }))
          .sort((a, b) => (a.key < b.key ? -1 : 1)),
      ),
  };
}
