import { createHash } from "node:crypto";
import type { ConditionalWrite, ObjectStore } from "../../../lib/lake/object-store.ts";

type Stored = { readonly body: Uint8Array; readonly etag: string; readonly lastModifiedMs: number };
export type MemoryStore = { readonly objects: Map<string, Stored>; readonly store: ObjectStore };

/** An object store that answers at once and never fails; times of whole seconds, the same bytes have the same etag. */
export function createMemoryStore(now: () => number): MemoryStore {
  const objects = new Map<string, Stored>();
  const write = (key: string, body: Uint8Array): ConditionalWrite => {
    const etag = createHash("md5").update(body).digest("hex");
    objects.set(key, { body, etag, lastModifiedMs: Math.floor(now() / 1000) * 1000 });
    return { kind: "written", etag };
  };
  const store: ObjectStore = {
    get: async (key) => objects.get(key),
    putIfAbsent: async (key, body) => (objects.has(key) ? { kind: "refused" } : write(key, body)),
    putIfMatch: async (key, body, etag) => (objects.get(key)?.etag === etag ? write(key, body) : { kind: "refused" }),
    delete: async (key) => void objects.delete(key),
    list: async (prefix) =>
      [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { lastModifiedMs }]) => ({ key, lastModifiedMs }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
  return { objects, store };
}
