import { createHash } from "node:crypto";
import { z } from "zod";
import type { CommitPolicy } from "./commit-policy.ts";
import type { FailureClass } from "./query-engine.ts";

/*
 * The commit slot: one object in S3, changed only by If-Match. At most one epoch is open, and an epoch is exactly one
 * statement. What is recorded here before the statement is sent is enough for anyone to send it again, find it, or know
 * that nobody may. Everything in this file is a pure function of the slot and the time.
 */

const ms = z.int();
const openEpochSchema = z.strictObject({
  epoch: z.int().positive(),
  openedAtMs: ms,
  token: z.string(),
  sql: z.string(),
  database: z.string(),
  workgroup: z.string(),
  output: z.string().nullable(),
  table: z.string(),
  /** Markers of the batches in the statement, and how many rows they staged for the table. */
  markers: z.array(z.string()),
  rows: z.int().nonnegative(),
  queryId: z.string().nullable(),
  /**
   * Requests to start the statement that may have had an effect: each is written here before it is sent, and taken away
   * when it was refused for certain. None left means that no query was started, and none will be. The default is for
   * slots written before there was such a list.
   */
  sends: z.array(z.string()).default(["before"]),
});
export type OpenEpoch = z.infer<typeof openEpochSchema>;

/**
 * `refused`: no request to start the statement was taken. `unknown`: nobody learned what became of the statement.
 * `unreconciled`: it succeeded and rows are missing.
 */
const outcomes = ["committed", "failed-data", "failed-environment", "refused", "unreconciled", "unknown"] as const;
export type EpochOutcome = (typeof outcomes)[number];

export const slotSchema = z.strictObject({
  version: z.literal(1),
  uuid: z.string(),
  /** Number of the newest epoch ever opened. */
  epoch: z.int().nonnegative(),
  open: openEpochSchema.nullable(),
  /** `batches` is 0 in slots written before it was kept. */
  last: z
    .strictObject({ epoch: z.int(), outcome: z.enum(outcomes), atMs: ms, batches: z.int().nonnegative().default(0) })
    .nullable(),
  /**
   * By table, when its commits of few rows would last have happened, had each come an interval after the one before: at
   * most an interval behind the last of them, so that one more is in reserve, and never after it.
   */
  committedAt: z.record(z.string(), ms),
  /** Markers of the last group that failed on its data; the next epoch takes half of them. */
  suspects: z.array(z.string()),
  /** How often the one suspect left has failed alone. */
  strikes: z.int().nonnegative().default(0),
  /** Markers that failed alone; never grouped again. */
  quarantined: z.array(z.string()),
  /** The last marker that left quarantine, until it is committed. */
  parole: z.strictObject({ marker: z.string(), atMs: ms }).nullable().default(null),
});
export type Slot = z.infer<typeof slotSchema>;

/** Quarantined batches are replaced by their halves within minutes; older entries name markers that are long gone. */
const maxQuarantined = 1000;

export function newSlot(uuid: string): Slot {
  return {
    version: 1,
    uuid,
    epoch: 0,
    open: null,
    last: null,
    committedAt: {},
    suspects: [],
    strikes: 0,
    quarantined: [],
    parole: null,
  };
}

export type EpochRequest = Pick<OpenEpoch, "sql" | "database" | "workgroup" | "output" | "table" | "markers" | "rows">;

/**
 * idle → open. The token is a function of slot, epoch and statement: the same epoch always has the same token. `sendId`
 * names the opener's own request.
 */
export function openEpoch(slot: Slot, request: EpochRequest, nowMs: number, sendId: string): Slot {
  const epoch = slot.epoch + 1;
  const token = tokenOf(slot.uuid, String(epoch), request.sql);
  return { ...slot, epoch, open: { ...request, epoch, token, openedAtMs: nowMs, queryId: null, sends: [sendId] } };
}

/** More requests than this are not told apart: then refusals cannot free the slot any more, time does. */
const maxSends = 50;

/** Another request to start the statement, written down before it is sent. */
export function announceSend(slot: Slot, open: OpenEpoch, sendId: string): Slot {
  const id = open.sends.length < maxSends ? sendId : "uncounted";
  return { ...slot, open: { ...open, sends: [...new Set([...open.sends, id])] } };
}

/** A request that was refused for certain. The last one closes the epoch: nothing was started, so nothing is waited for. */
export function withdrawSend(slot: Slot, open: OpenEpoch, sendId: string, nowMs: number, policy: CommitPolicy): Slot {
  const sends = open.sends.filter((id) => id !== sendId);
  if (sends.length === 0 || !policy.countSends) return closeEpoch(slot, open, "refused", nowMs, policy);
  return { ...slot, open: { ...open, sends } };
}

export function recordQuery(slot: Slot, open: OpenEpoch, queryId: string): Slot {
  return { ...slot, open: { ...open, queryId } };
}

/** open → idle. What is learned about suspects is kept here, because the next to open may be anyone. */
export function closeEpoch(
  slot: Slot,
  open: OpenEpoch,
  outcome: EpochOutcome,
  nowMs: number,
  policy: CommitPolicy,
): Slot {
  const isCommitted = outcome === "committed";
  // A commit of a backlog leaves the interval alone: what comes after the last of them is not kept waiting by it.
  const counts = isCommitted && open.rows < policy.rowsThatOpen;
  const countedMs = countCommit(slot.committedAt[open.table] ?? 0, nowMs, policy.commitIntervalMs);
  const isReleased = slot.parole !== null && open.markers.includes(slot.parole.marker);
  return {
    ...slot,
    open: null,
    last: { epoch: open.epoch, outcome, atMs: nowMs, batches: open.markers.length },
    committedAt: counts ? { ...slot.committedAt, [open.table]: countedMs } : slot.committedAt,
    parole: isCommitted && isReleased ? null : slot.parole,
    ...judged(slot, open, outcome, policy),
  };
}

/**
 * At most one commit in an interval over any long time. Measured from the last commit, a batch that was staged right after
 * one held its partitions for the whole interval, and its successor was staged right after that again: every row waited for
 * the window and for the interval (p50 15.8 s instead of 6).
 */
function countCommit(countedMs: number, nowMs: number, intervalMs: number): number {
  return Math.min(nowMs, Math.max(countedMs + intervalMs, nowMs - intervalMs));
}

type Judged = Pick<Slot, "suspects" | "strikes" | "quarantined">;

function judged(slot: Slot, open: OpenEpoch, outcome: EpochOutcome, policy: CommitPolicy): Judged {
  const { suspects, strikes, quarantined } = slot;
  const { markers } = open;
  if (outcome === "committed") {
    const left = suspects.filter((marker) => !markers.includes(marker));
    return { suspects: left, strikes: left.length === suspects.length ? strikes : 0, quarantined };
  }
  // Of any other end nothing is learned about the data.
  if (outcome !== "failed-data" && outcome !== "unreconciled") return { suspects, strikes, quarantined };
  const [alone] = markers;
  if (alone === undefined || markers.length > 1) return { suspects: [...markers], strikes: 0, quarantined };
  const isAgain = suspects.length === 1 && suspects[0] === alone;
  const failures = (isAgain ? strikes : 0) + 1;
  // Halves are a try of their own, and a statement that succeeded says nothing against the rows.
  const isLast = open.rows === 1 || outcome === "unreconciled";
  if (failures < (isLast ? policy.triesAlone : 1)) return { suspects: [alone], strikes: failures, quarantined };
  return { suspects: [], strikes: 0, quarantined: [...new Set([...quarantined, alone])].slice(-maxQuarantined) };
}

/** Whether a marker may leave quarantine now: one that fails again costs everyone a minute. */
export function mayRelease({ parole }: Slot, nowMs: number, policy: CommitPolicy): boolean {
  return parole === null || nowMs - parole.atMs >= policy.paroleMs;
}

/** Out of quarantine for one try, alone. It fails: it is quarantined again, behind the others. */
export function releaseMarker(slot: Slot, marker: string, nowMs: number, policy: CommitPolicy): Slot {
  return {
    ...slot,
    suspects: [marker],
    strikes: policy.triesAlone - 1,
    quarantined: slot.quarantined.filter((name) => name !== marker),
    parole: { marker, atMs: nowMs },
  };
}

export type NextStep =
  | { readonly kind: "idle" }
  /** Send what is recorded, then record the query's id. */
  | { readonly kind: "send"; readonly open: OpenEpoch }
  | { readonly kind: "poll"; readonly open: OpenEpoch; readonly queryId: string }
  /** Somebody may be sending it; nobody else may begin to. */
  | { readonly kind: "wait"; readonly open: OpenEpoch; readonly untilMs: number }
  | { readonly kind: "reread" }
  | { readonly kind: "abandon"; readonly open: OpenEpoch };

/** What whoever read the slot at `readAtMs` may do now. `readAtMs` is taken before the read was sent. */
export function nextStep(slot: Slot, readAtMs: number, nowMs: number, policy: CommitPolicy): NextStep {
  const { open } = slot;
  if (open === null) return { kind: "idle" };
  if (open.queryId !== null) return { kind: "poll", open, queryId: open.queryId };
  const age = nowMs - open.openedAtMs;
  if (age >= policy.abandonMs) return { kind: "abandon", open };
  if (age >= policy.sendLimitMs) return { kind: "wait", open, untilMs: open.openedAtMs + policy.abandonMs };
  return nowMs - readAtMs < policy.slotFreshMs ? { kind: "send", open } : { kind: "reread" };
}

/** How an epoch whose statement ended badly is closed. */
export function failedOutcome(failure: FailureClass | undefined): EpochOutcome {
  return failure === "data" ? "failed-data" : "failed-environment";
}

/** Hex sha256, 64 characters: within what Athena takes as a client request token. */
export function tokenOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
