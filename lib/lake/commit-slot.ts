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
});
export type OpenEpoch = z.infer<typeof openEpochSchema>;

/** `unknown`: nobody learned what became of the statement. `unreconciled`: it succeeded and rows are missing. */
const outcomes = ["committed", "failed-data", "failed-environment", "unreconciled", "unknown"] as const;
export type EpochOutcome = (typeof outcomes)[number];

export const slotSchema = z.strictObject({
  version: z.literal(1),
  uuid: z.string(),
  /** Number of the newest epoch ever opened. */
  epoch: z.int().nonnegative(),
  open: openEpochSchema.nullable(),
  last: z.strictObject({ epoch: z.int(), outcome: z.enum(outcomes), atMs: ms }).nullable(),
  /** Time of the last commit, by table. */
  committedAt: z.record(z.string(), ms),
  /** Markers of the last group that failed on its data; the next epoch takes half of them. */
  suspects: z.array(z.string()),
  /** Markers that failed alone; never grouped again. */
  quarantined: z.array(z.string()),
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
    quarantined: [],
  };
}

export type EpochRequest = Pick<OpenEpoch, "sql" | "database" | "workgroup" | "output" | "table" | "markers" | "rows">;

/** idle → open. The token is a function of slot, epoch and statement: the same epoch always has the same token. */
export function openEpoch(slot: Slot, request: EpochRequest, nowMs: number): Slot {
  const epoch = slot.epoch + 1;
  const token = tokenOf(slot.uuid, String(epoch), request.sql);
  return { ...slot, epoch, open: { ...request, epoch, token, openedAtMs: nowMs, queryId: null } };
}

export function recordQuery(slot: Slot, open: OpenEpoch, queryId: string): Slot {
  return { ...slot, open: { ...open, queryId } };
}

/** open → idle. What is learned about suspects is kept here, because the next to open may be anyone. */
export function closeEpoch(slot: Slot, open: OpenEpoch, outcome: EpochOutcome, nowMs: number): Slot {
  const isData = outcome === "failed-data" || outcome === "unreconciled";
  const isAlone = open.markers.length === 1;
  return {
    ...slot,
    open: null,
    last: { epoch: open.epoch, outcome, atMs: nowMs },
    committedAt: outcome === "committed" ? { ...slot.committedAt, [open.table]: nowMs } : slot.committedAt,
    suspects: nextSuspects(slot.suspects, open.markers, outcome),
    quarantined:
      isData && isAlone
        ? [...new Set([...slot.quarantined, ...open.markers])].slice(-maxQuarantined)
        : slot.quarantined,
  };
}

function nextSuspects(suspects: readonly string[], markers: readonly string[], outcome: EpochOutcome): string[] {
  if (outcome === "committed") return suspects.filter((marker) => !markers.includes(marker));
  if (outcome === "failed-data" || outcome === "unreconciled") return markers.length > 1 ? [...markers] : [];
  return [...suspects]; // nothing was learned about the data
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
