import { recordHeaders } from "../lib/core/record-headers.ts";
import { decodePositions, newestOf, type Positions } from "../lib/core/source-position.ts";
import type { TailReader } from "../lib/kafka/ports.ts";
import { describeError } from "../lib/platform/errors.ts";
import type { Logger } from "../lib/platform/logger.ts";
import type { CursorStore } from "./cursor-store.ts";

type Deps = { readonly tails: TailReader; readonly store: CursorStore; readonly log: Logger };

/**
 * The marks to start from: of each source topic the newest that any record or the stored file names. Every one of
 * them was a true low-water mark when it was written, so the newest is one too.
 *
 * @throws what the tail reader throws, and the store's error when the topics know nothing either
 */
export async function recoverMarks({ tails, store, log }: Deps, topics: readonly string[]): Promise<Positions> {
  const [headers, stored] = await Promise.all([tails.newestHeaders(topics, recordHeaders.cursor), readStored(store)]);
  const found = headers.map(decodePositions).filter((positions) => positions !== undefined);
  if (stored.kind === "failed") {
    if (found.length === 0) throw stored.error;
    log.warn("cursor-store-unreadable", { error: describeError(stored.error) });
  }
  const marks = newestOf([...found, ...(stored.kind === "read" ? [stored.marks] : [])]);
  log.info("cursor-recovered", {
    fromRecords: found.length,
    fromStore: stored.kind,
    topics: [...marks.keys()].slice(0, 8),
  });
  return marks;
}

type Stored =
  | { readonly kind: "read"; readonly marks: Positions }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly error: unknown };

async function readStored(store: CursorStore): Promise<Stored> {
  try {
    const marks = await store.read();
    return marks === undefined ? { kind: "none" } : { kind: "read", marks };
  } catch (error) {
    return { kind: "failed", error };
  }
}
