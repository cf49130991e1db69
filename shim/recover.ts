import { recordHeaders } from "../lib/core/record-headers.ts";
import { decodePositions, newestOf } from "../lib/core/source-position.ts";
import type { TailReader } from "../lib/kafka/ports.ts";
import { describeError } from "../lib/platform/errors.ts";
import type { Logger } from "../lib/platform/logger.ts";
import type { CursorStore, StoredCursor } from "./cursor-store.ts";

type Deps = { readonly tails: TailReader; readonly store: CursorStore; readonly log: Logger };

/**
 * The cursor to start from: of each source topic the newest mark that any record or the stored file names. Every one
 * of them was a true low-water mark when it was written, so the newest is one too. Floors are in the store only:
 * without them a topic that has had no event yet may be reported as a gap, no more.
 *
 * @throws what the tail reader throws, and the store's error when the topics know nothing either
 */
export async function recoverCursor({ tails, store, log }: Deps, topics: readonly string[]): Promise<StoredCursor> {
  const [headers, stored] = await Promise.all([tails.newestHeaders(topics, recordHeaders.cursor), readStored(store)]);
  const found = headers.map(decodePositions).filter((positions) => positions !== undefined);
  if (stored.kind === "failed") {
    if (found.length === 0) throw stored.error;
    log.warn("cursor-store-unreadable", { error: describeError(stored.error) });
  }
  const cursor = stored.kind === "read" ? stored.cursor : { marks: new Map(), floors: new Map() };
  const marks = newestOf([...found, cursor.marks]);
  log.info("cursor-recovered", { fromRecords: found.length, fromStore: stored.kind, topics: marks.size });
  return { marks, floors: cursor.floors };
}

type Stored =
  | { readonly kind: "read"; readonly cursor: StoredCursor }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly error: unknown };

async function readStored(store: CursorStore): Promise<Stored> {
  try {
    const cursor = await store.read();
    return cursor === undefined ? { kind: "none" } : { kind: "read", cursor };
  } catch (error) {
    return { kind: "failed", error };
  }
}
