import { z } from "zod";
import { contentError, LakeError } from "./errors.ts";
import type { Minute } from "./live-windows.ts";
import { decodeJson, encodeJson, type ObjectStore } from "./object-store.ts";

/**
 * What the live layer knows from run to run. Windows found dirty are written down before the mark moves, so that a run
 * that dies leaves them to the next one.
 */
const stateSchema = z.object({
  version: z.literal(1),
  /** Rows staged up to here, ms, have been looked at. */
  seenUntilMs: z.int().nonnegative(),
  /** Newest event ever seen, ms. */
  newestMs: z.int().nullable(),
  /** Minutes still to be recomputed. */
  open: z.array(z.int()),
  /** Hour (since the epoch) in which small files were last joined. */
  compactedHour: z.int(),
  /** A run works until then, ms, unless it gives the lease back earlier. */
  leaseUntilMs: z.int().nonnegative(),
  /** Which run wrote this. */
  holder: z.string(),
});
export type LiveState = Omit<z.infer<typeof stateSchema>, "open"> & { readonly open: readonly Minute[] };

export const liveStateKey = "control/live.json";
const untouched: LiveState = {
  version: 1,
  seenUntilMs: 0,
  newestMs: null,
  open: [],
  compactedHour: 0,
  leaseUntilMs: 0,
  holder: "",
};

/** The state while a run holds it. */
export type HeldState = {
  readonly state: LiveState;
  /** Writes changes. Throws LIVE_STATE_LOST when another run took over: this one must change nothing more. */
  save(changes: Partial<LiveState>): Promise<void>;
};

export type Lease = { readonly holder: string; readonly nowMs: number; readonly untilMs: number };

/**
 * Takes the state for one run; undefined while another holds it. Of several at once one gets it (If-Match). `holder` must
 * be the run's own.
 */
export async function holdState(store: ObjectStore, { holder, nowMs, untilMs }: Lease): Promise<HeldState | undefined> {
  const stored = await store.get(liveStateKey);
  const before = stored === undefined ? untouched : parse(stored.body);
  if (before.leaseUntilMs > nowMs) return undefined;
  let state: LiveState = { ...before, leaseUntilMs: untilMs, holder };
  let etag = await write(store, state, stored?.etag);
  if (etag === undefined) return undefined;
  return {
    get state() {
      return state;
    },
    save: async (changes) => {
      const next = { ...state, ...changes };
      const written = await write(store, next, etag);
      if (written === undefined) {
        throw new LakeError("LIVE_STATE_LOST", "another run has taken over", { retriable: true });
      }
      [state, etag] = [next, written];
    },
  };
}

/** The new etag; undefined when the object is no longer the one of `etag`, and the refused write not our own earlier one. */
async function write(store: ObjectStore, state: LiveState, etag: string | undefined): Promise<string | undefined> {
  const body = encodeJson(state);
  const written =
    etag === undefined ? await store.putIfAbsent(liveStateKey, body) : await store.putIfMatch(liveStateKey, body, etag);
  if (written.kind === "written") return written.etag;
  const found = await store.get(liveStateKey);
  return found !== undefined && Buffer.compare(found.body, body) === 0 ? found.etag : undefined;
}

function parse(body: Uint8Array): LiveState {
  const parsed = stateSchema.safeParse(decodeJson(body));
  if (!parsed.success) throw contentError(liveStateKey, parsed.error);
  return parsed.data;
}
