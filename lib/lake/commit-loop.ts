import type { WallClock } from "../platform/clock.ts";
import { isRetriable } from "../platform/errors.ts";
import type { Logger } from "../platform/logger.ts";
import type { CommitPolicy } from "./commit-policy.ts";
import {
  closeEpoch,
  type EpochOutcome,
  mayRelease,
  nextStep,
  type OpenEpoch,
  openEpoch,
  releaseMarker,
  type Slot,
} from "./commit-slot.ts";
import { settleEpoch } from "./epoch-result.ts";
import { chooseGroup, gatheringUntil, nextDue, sumRows } from "./group.ts";
import type { ObjectStore } from "./object-store.ts";
import { createPendingReader, markerKey, type PendingBatch, type PendingReader } from "./pending.ts";
import type { QueryEngine } from "./query-engine.ts";
import { createSlotStore, type ReadSlot, type SlotStore } from "./slot-store.ts";
import { newSend, startEpoch } from "./start-epoch.ts";
import type { StatementBuilder } from "./statement.ts";

/** What one commit slot serves. */
export type CommitTarget = {
  /** `commit/bronze.json` */
  readonly slotKey: string;
  /** `pending/bronze/` */
  readonly pendingPrefix: string;
  readonly database: string;
  readonly workgroup: string;
  readonly output: string | undefined;
  readonly tables: Readonly<Record<string, StatementBuilder>>;
};

/** What happened to an epoch, for logs, metrics and tests. */
export type EpochReport = {
  readonly epoch: number;
  readonly table: string;
  readonly outcome: EpochOutcome;
  readonly batches: number;
  readonly rows: number;
  /** undefined when the engine did not say or the epoch failed. */
  readonly inserted: number | undefined;
  readonly openMs: number;
};

export type CommitDeps = {
  readonly store: ObjectStore;
  readonly engine: QueryEngine;
  readonly clock: WallClock;
  /** In [0, 1): spreads the steps of invocations that wait for the same thing. */
  readonly random: () => number;
  readonly newUuid: () => string;
  readonly log: Logger;
  readonly onEpoch: (report: EpochReport) => void;
  readonly target: CommitTarget;
  readonly policy: CommitPolicy;
};

export type CommitRequest = {
  /** Markers that the caller answers for. */
  readonly markers: readonly string[];
  /** The loop ends here at the latest, ms since the epoch. */
  readonly deadlineMs: number;
  /**
   * Called when one of the caller's markers was quarantined. Stages its records as smaller batches and answers their
   * markers, which take its place; undefined when it cannot be made smaller.
   */
  readonly onQuarantined: (marker: string, quarantined: ReadonlySet<string>) => Promise<readonly string[] | undefined>;
};

/** Between two looks at the slot or the query. Half a second is small beside a commit of 1–5 s and costs 2 reads a second. */
const pollMs = 500;
/** Who sent the statement looks at it more often, each 200 ms: all the others wait for its word. */
const ownShare = 0.4;
/** The others look at the slot alone for so long. Then whoever sent the statement may be dead, and they look at it too. */
const ownerGraceMs = 10_000;
/** Between two listings while waiting for the interval: a listing costs twelve reads. */
const listMs = 2_500;
/** Between two looks at an epoch that nobody may send any more: all that can come is the id of a request under way. */
const unknownMs = 5_000;
/** After an error that a repeat may cure. */
const backoffMs = 2_000;

/**
 * Drives the slot until the caller's markers are gone or the deadline has come; answers the markers still there.
 * Whatever epoch is open is driven, whoever opened it: an owner may be dead, and all of them need it closed.
 */
export async function commitMarkers(deps: CommitDeps, request: CommitRequest): Promise<readonly string[]> {
  const { clock, log, store, target } = deps;
  const slots = createSlotStore({ store, key: target.slotKey, now: clock.now, newUuid: deps.newUuid });
  const reader = createPendingReader(store, target.pendingPrefix, (key) => log.error("marker-unreadable", { key }));
  const outstanding = new Set(request.markers);
  const run: Run = {
    ...deps,
    slots,
    reader,
    outstanding,
    request,
    firstSeen: new Map(),
    verifying: new Map(),
    hopeless: new Set(),
    gone: new Set(),
    unsent: new Set(),
    nextListMs: 0,
    lastEpoch: undefined,
    ownEpoch: undefined,
    seenOpen: undefined,
  };
  while (run.outstanding.size > 0 && clock.now() < request.deadlineMs) {
    try {
      await advance(run);
    } catch (error) {
      if (!isRetriable(error)) throw error;
      log.warn("commit-step-retried", { code: codeOf(error) });
      await pause(run, backoffMs);
    }
  }
  return [...run.outstanding];
}

type Run = CommitDeps & {
  readonly slots: SlotStore;
  readonly reader: PendingReader;
  readonly request: CommitRequest;
  readonly outstanding: Set<string>;
  readonly firstSeen: Map<number, number>;
  readonly verifying: Map<string, string>;
  /** The caller's quarantined markers that cannot be made smaller: now and then one is tried again. */
  readonly hopeless: Set<string>;
  /** The caller's markers that a listing did not show. */
  readonly gone: Set<string>;
  /** Requests to start an epoch that are written down and not sent yet. */
  readonly unsent: Set<string>;
  /** Not before this is the pending prefix listed again, unless an epoch was closed since. */
  nextListMs: number;
  lastEpoch: number | undefined;
  /** The epoch whose statement this invocation sent. */
  ownEpoch: number | undefined;
  /** The open epoch that was seen last. */
  seenOpen: OpenEpoch | undefined;
};

async function advance(run: Run): Promise<void> {
  const seen = await run.slots.read();
  dropGone(run, seen.slot.quarantined);
  dropCommitted(run, seen.slot);
  if (run.outstanding.size === 0) return;
  if (await replaceQuarantined(run, seen.slot.quarantined)) return;
  const step = nextStep(seen.slot, seen.readAtMs, run.clock.now(), run.policy);
  switch (step.kind) {
    case "idle":
      return openNext(run, seen);
    case "send":
      return send(run, seen, step.open);
    case "poll":
      return poll(run, seen, step.open, step.queryId);
    case "wait":
      return pause(run, Math.min(unknownMs, step.untilMs - run.clock.now()));
    case "abandon":
      return close(run, seen, step.open, "unknown", undefined);
    case "reread":
      return;
  }
}

/**
 * A marker goes when its rows are committed, and when its batch is replaced by smaller ones: those are quarantined by
 * then, which a slot read after the listing says.
 */
function dropGone({ gone, outstanding, policy }: Run, quarantined: readonly string[]): void {
  for (const marker of gone) if (!policy.rereadGone || !quarantined.includes(marker)) outstanding.delete(marker);
  gone.clear();
}

/**
 * Markers of an epoch that was seen open and is known to be committed are gone: no listing is needed to learn it. With
 * twelve invocations waiting, each listing and reading the markers of all, that was a third of what a commit cost.
 */
function dropCommitted(run: Run, { open, last }: Slot): void {
  if (run.seenOpen !== undefined && last?.epoch === run.seenOpen.epoch && last.outcome === "committed") {
    for (const marker of run.seenOpen.markers) run.outstanding.delete(marker);
  }
  run.seenOpen = open ?? undefined;
}

/** idle: the caller's markers may be gone by now; if not, open the next epoch when one is due. */
async function openNext(run: Run, seen: ReadSlot): Promise<void> {
  const lastEpoch = seen.slot.last?.epoch;
  if (lastEpoch === run.lastEpoch && run.clock.now() < run.nextListMs) return pause(run, pollMs);
  run.lastEpoch = lastEpoch;
  const listed = await run.reader.list();
  const present = new Set(listed.map(({ marker }) => marker));
  const kept = new Set(seen.slot.quarantined.filter((name) => run.hopeless.has(name)));
  for (const marker of run.outstanding) if (!present.has(marker) && !kept.has(marker)) run.gone.add(marker);
  if (run.gone.size === run.outstanding.size || (await release(run, seen, present))) return;
  const waiting = listed.filter(({ marker }) => !seen.slot.quarantined.includes(marker));
  const untilMs = gatheringUntil(waiting, seen.slot, run.clock.now(), run.policy);
  if (untilMs !== undefined) {
    run.nextListMs = untilMs;
    return pause(run, pollMs);
  }
  const pending = await run.reader.read(waiting);
  const known = pending.filter(({ table }) => run.target.tables[table] !== undefined);
  const group = chooseGroup(known, seen.slot, run.clock.now(), run.policy);
  if (group === undefined) {
    run.nextListMs = Math.min(run.clock.now() + listMs, nextDue(seen.slot, known, run.clock.now(), run.policy));
    return pause(run, pollMs);
  }
  const opening = openEpoch(seen.slot, epochOf(run.target, group), run.clock.now(), newSend(run));
  const opened = await run.slots.swap(seen, opening);
  run.nextListMs = 0;
  if (opened?.slot.open) await send(run, opened, opened.slot.open);
}

/** True when a marker of the caller's that nothing else helps has left quarantine for another try. */
async function release(run: Run, seen: ReadSlot, present: ReadonlySet<string>): Promise<boolean> {
  const nowMs = run.clock.now();
  const { quarantined, suspects } = seen.slot;
  const marker = quarantined.find((name) => run.hopeless.has(name) && present.has(name));
  const isBusy = suspects.some((name) => present.has(name));
  if (marker === undefined || isBusy || !mayRelease(seen.slot, nowMs, run.policy)) return false;
  const released = await run.slots.swap(seen, releaseMarker(seen.slot, marker, nowMs, run.policy));
  if (released !== undefined) run.log.warn("batch-tried-again", { marker });
  run.nextListMs = 0;
  return true;
}

function epochOf(target: CommitTarget, group: readonly PendingBatch[]): Parameters<typeof openEpoch>[1] {
  const table = group[0]?.table ?? "";
  const { database, workgroup, output } = target;
  const sql = target.tables[table]?.write(group) ?? "";
  const markers = group.map(({ marker }) => marker);
  return { sql, database, workgroup, output: output ?? null, table, markers, rows: sumRows(group) };
}

async function send(run: Run, seen: ReadSlot, open: OpenEpoch): Promise<void> {
  const start = await startEpoch(run, seen, open);
  if (start.kind === "hold") return pause(run, pollMs);
  if (start.kind === "done") {
    run.ownEpoch = open.epoch;
    return;
  }
  reportClosed(run, open, "refused", undefined);
  throw start.error;
}

async function poll(run: Run, seen: ReadSlot, open: OpenEpoch, queryId: string): Promise<void> {
  const isOwn = open.epoch === run.ownEpoch;
  if (!isOwn && run.clock.now() - open.openedAtMs < ownerGraceMs) return pause(run, pollMs);
  const result = await settleEpoch(run, open, queryId);
  if (result.kind === "running") return pause(run, isOwn ? result.againInMs * ownShare : result.againInMs);
  if (result.outcome === "committed") await deleteMarkers(run, open.markers);
  await close(run, seen, open, result.outcome, result.inserted);
}

/** Before the slot is given free, so that the next to open does not find them. Who is last deletes nothing twice. */
async function deleteMarkers(run: Run, markers: readonly string[]): Promise<void> {
  await Promise.all(markers.map((marker) => run.store.delete(markerKey(run.target.pendingPrefix, marker))));
  for (const marker of markers) run.outstanding.delete(marker);
}

async function close(
  run: Run,
  seen: ReadSlot,
  open: OpenEpoch,
  outcome: EpochOutcome,
  inserted: number | undefined,
): Promise<void> {
  const swapped = await run.slots.swap(seen, closeEpoch(seen.slot, open, outcome, run.clock.now(), run.policy));
  if (swapped === undefined) return; // somebody else closed it and reports it
  reportClosed(run, open, outcome, inserted);
}

function reportClosed(run: Run, open: OpenEpoch, outcome: EpochOutcome, inserted: number | undefined): void {
  const { epoch, table, markers, rows, openedAtMs } = open;
  const openMs = run.clock.now() - openedAtMs;
  run.onEpoch({ epoch, table, outcome, batches: markers.length, rows, inserted, openMs });
}

/** True when one of the caller's batches is too much for any statement and was replaced by smaller ones. */
async function replaceQuarantined(run: Run, quarantined: readonly string[]): Promise<boolean> {
  const marker = quarantined.find((name) => run.outstanding.has(name) && !run.hopeless.has(name));
  if (marker === undefined) return false;
  const replacements = await run.request.onQuarantined(marker, new Set(quarantined));
  if (replacements === undefined) {
    if (!run.hopeless.has(marker)) run.log.error("batch-hopeless", { marker });
    run.hopeless.add(marker);
    return false;
  }
  for (const replacement of replacements) run.outstanding.add(replacement);
  await run.store.delete(markerKey(run.target.pendingPrefix, marker));
  run.outstanding.delete(marker);
  return true;
}

async function pause(run: Run, ms: number): Promise<void> {
  const left = run.request.deadlineMs - run.clock.now();
  const spread = ms * (0.75 + run.random() / 2);
  await run.clock.sleep(Math.max(0, Math.min(spread, left)));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
}
