import { describe, expect, test } from "@jest/globals";
import type { ObjectStore } from "../../lib/lake/object-store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined): string => new TextDecoder().decode(body);

/** What the commit protocol relies on of an object store. `open` may answer the same store each time. */
export function objectStoreContract(name: string, open: () => ObjectStore): void {
  let round = 0;
  /** A prefix that no test before has used. */
  const folder = (): string => {
    round += 1;
    return `contract-${round}/`;
  };

  describe(`${name}, as an object store`, () => {
    test("writes a new key once, whoever else tries", async () => {
      const store = open();
      const key = `${folder()}a`;
      const tries = await Promise.all(["1", "2", "3"].map((body) => store.putIfAbsent(key, bytes(body))));
      expect(tries.map(({ kind }) => kind).sort()).toEqual(["refused", "refused", "written"]);
      const winner = String(tries.findIndex(({ kind }) => kind === "written") + 1);
      expect(text((await store.get(key))?.body)).toBe(winner);
    });

    test("lets one of several who have read the same change it, and no one who has read something older", async () => {
      const store = open();
      const key = `${folder()}slot`;
      await store.putIfAbsent(key, bytes("0"));
      const { etag = "" } = (await store.get(key)) ?? {};
      const tries = await Promise.all(["1", "2", "3"].map((body) => store.putIfMatch(key, bytes(body), etag)));
      expect(tries.map(({ kind }) => kind).sort()).toEqual(["refused", "refused", "written"]);
      const now = await store.get(key);
      expect(tries.find(({ kind }) => kind === "written")).toEqual({ kind: "written", etag: now?.etag });
      expect(await store.putIfMatch(key, bytes("late"), etag)).toEqual({ kind: "refused" });
    });

    test("goes by the content: the same bytes have the same etag, also after others in between", async () => {
      const store = open();
      const key = `${folder()}slot`;
      const first = await store.putIfAbsent(key, bytes("idle"));
      if (first.kind !== "written") throw new Error("not new");
      const second = await store.putIfMatch(key, bytes("open"), first.etag);
      if (second.kind !== "written") throw new Error("not changed");
      expect(second.etag).not.toBe(first.etag);
      expect(await store.putIfMatch(key, bytes("idle"), second.etag)).toEqual(first);
    });

    test("refuses to change what is not there", async () => {
      expect(await open().putIfMatch(`${folder()}none`, bytes("1"), '"etag"')).toEqual({ kind: "refused" });
    });

    test("deletes for good, and what is gone already without an error", async () => {
      const store = open();
      const key = `${folder()}a`;
      await store.putIfAbsent(key, bytes("1"));
      await store.delete(key);
      await store.delete(key);
      expect(await store.get(key)).toBeUndefined();
      expect((await store.putIfAbsent(key, bytes("2"))).kind).toBe("written");
    });

    test("lists at once what was written and what was deleted, in the order of keys, of this prefix alone", async () => {
      const store = open();
      const prefix = folder();
      for (const key of ["b", "a/2", "a/1", "c"]) await store.putIfAbsent(`${prefix}${key}`, bytes(key));
      await store.putIfAbsent(`other-${prefix}x`, bytes("x"));
      await store.delete(`${prefix}c`);
      const listed = await store.list(prefix);
      expect(listed.map(({ key }) => key)).toEqual(["a/1", "a/2", "b"].map((key) => `${prefix}${key}`));
      // Whole seconds on S3, milliseconds elsewhere: nothing may depend on more than the order of minutes.
      for (const { lastModifiedMs } of listed) expect(lastModifiedMs).toBeGreaterThan(Date.UTC(2026, 0, 1));
    });

    test("gives bytes back as they were put", async () => {
      const store = open();
      const key = `${folder()}bytes`;
      const body = Uint8Array.from({ length: 256 }, (_, index) => index);
      await store.putIfAbsent(key, body);
      expect(Buffer.from((await store.get(key))?.body ?? []).equals(Buffer.from(body))).toBe(true);
    });
  });
}
