import { newSlot, type Slot, slotSchema } from "./commit-slot.ts";
import { contentError } from "./errors.ts";
import { decodeJson, encodeJson, type ObjectStore } from "./object-store.ts";

/** A slot as it was read: `readAtMs` is from before the read was sent, so its age is never underestimated. */
export type ReadSlot = { readonly slot: Slot; readonly etag: string; readonly readAtMs: number };

export type SlotStore = {
  /** Makes the slot with a fresh uuid when there is none. */
  read(): Promise<ReadSlot>;
  /** Writes if the slot is still the one that was read; undefined when it is not (or when that cannot be known). */
  swap(from: ReadSlot, to: Slot): Promise<ReadSlot | undefined>;
};

type SlotStoreDeps = {
  readonly store: ObjectStore;
  readonly key: string;
  readonly now: () => number;
  readonly newUuid: () => string;
};

export function createSlotStore({ store, key, now, newUuid }: SlotStoreDeps): SlotStore {
  const read = async (): Promise<ReadSlot> => {
    const readAtMs = now();
    const stored = await store.get(key);
    if (stored !== undefined) return { slot: parse(key, stored.body), etag: stored.etag, readAtMs };
    await store.putIfAbsent(key, encodeJson(newSlot(newUuid())));
    return read(); // ours or that of whoever was faster
  };
  return {
    read,
    swap: async (from, to) => {
      const readAtMs = now();
      const written = await store.putIfMatch(key, encodeJson(to), from.etag);
      return written.kind === "written" ? { slot: to, etag: written.etag, readAtMs } : undefined;
    },
  };
}

function parse(key: string, body: Uint8Array): Slot {
  const parsed = slotSchema.safeParse(decodeJson(body));
  if (!parsed.success) throw contentError(key, parsed.error);
  return parsed.data;
}
