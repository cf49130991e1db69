import type { WallClock } from "../platform/clock.ts";
import type { CommitPolicy } from "./commit-policy.ts";
import { announceSend, nextStep, type OpenEpoch, recordQuery, type Slot, withdrawSend } from "./commit-slot.ts";
import { hadNoEffect } from "./errors.ts";
import type { QueryEngine } from "./query-engine.ts";
import type { ReadSlot, SlotStore } from "./slot-store.ts";

export type StartDeps = {
  readonly slots: SlotStore;
  readonly engine: QueryEngine;
  readonly clock: WallClock;
  readonly newUuid: () => string;
  readonly policy: CommitPolicy;
  /** Requests of this invocation that are written down and not sent yet. */
  readonly unsent: Set<string>;
};

export type Start =
  /** Sent, or somebody else was faster: the slot tells. */
  | { readonly kind: "done" }
  /** Its opener is most likely about to send it. */
  | { readonly kind: "hold" }
  /** Every request was refused, and the epoch is closed. */
  | { readonly kind: "refused"; readonly error: unknown };

/**
 * Sends exactly what is recorded. Whether the caller opened the epoch or found it makes no difference, but that a request
 * is written down before it is sent: the opener's was with the opening.
 */
export async function startEpoch(deps: StartDeps, seen: ReadSlot, open: OpenEpoch): Promise<Start> {
  const { slots, clock, policy, unsent } = deps;
  const own = open.sends.find((id) => unsent.has(id));
  if (own !== undefined) return send(deps, seen, open, own);
  if (clock.now() - open.openedAtMs < policy.helpAfterMs) return { kind: "hold" };
  const id = newSend(deps);
  const announced = await slots.swap(seen, announceSend(seen.slot, open, id));
  const { open: now } = announced?.slot ?? { open: null };
  if (announced === undefined || now === null) return { kind: "done" };
  return send(deps, announced, now, id);
}

/** A name for a request, before it is written down. */
export function newSend({ newUuid, unsent }: Pick<StartDeps, "newUuid" | "unsent">): string {
  const id = newUuid();
  unsent.add(id);
  return id;
}

async function send(deps: StartDeps, seen: ReadSlot, open: OpenEpoch, id: string): Promise<Start> {
  const { clock, policy, engine, unsent } = deps;
  // Time has passed since the slot was read: the right to send is asked for again, at the last moment.
  if (nextStep(seen.slot, seen.readAtMs, clock.now(), policy).kind !== "send") return { kind: "done" };
  unsent.delete(id);
  const { sql, token, database, workgroup, output } = open;
  const request = { sql, token, database, workgroup, output: output ?? undefined };
  const started = await engine.start(request).catch((error: unknown) => {
    if (!hadNoEffect(error)) throw error;
    return { error };
  });
  if ("queryId" in started) {
    await amend(deps, seen, open, (slot, now) => recordQuery(slot, now, started.queryId));
    return { kind: "done" };
  }
  const left = await amend(deps, seen, open, (slot, now) => withdrawSend(slot, now, id, clock.now(), policy));
  if (left?.slot.open === null) return { kind: "refused", error: started.error };
  throw started.error;
}

/**
 * Changes the open epoch, on top of whatever others have written into it meanwhile. undefined when it is closed by now or
 * has its query's id. Doing the change twice must be harmless: a write whose answer was lost is done again.
 */
async function amend(
  { slots }: StartDeps,
  seen: ReadSlot,
  { epoch }: OpenEpoch,
  change: (slot: Slot, open: OpenEpoch) => Slot,
): Promise<ReadSlot | undefined> {
  for (let from = seen; ; from = await slots.read()) {
    const { slot } = from;
    if (slot.open?.epoch !== epoch || slot.open.queryId !== null) return undefined;
    const swapped = await slots.swap(from, change(slot, slot.open));
    if (swapped !== undefined) return swapped;
  }
}
