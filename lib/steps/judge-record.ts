import type { SourceKind, Verdict } from "../core/verdict.ts";
import { findCanary } from "./drop-canary.ts";
import { isJsonObject, type JsonObject, parseRecord } from "./parse-record.ts";
import { maxEventIdChars, validateEvent } from "./validate-event.ts";

/** Changes whenever a record could get another verdict than before: it is part of the identity of a staged batch. */
export const judgeVersion = "1";

export type JudgeContext = {
  readonly sourceKind: SourceKind;
  /** Milliseconds since the epoch; for the age limits of live events only. */
  readonly nowMs: number;
  /** Before Kafka a canary is dropped; on the topic it is a leak and rejected. */
  readonly canary: "drop" | "reject";
};

/** Database names have up to 64 characters; what is longer is not kept beside a dead letter. */
const maxWikiChars = 100;

/**
 * The one judge of records, used by the shim and the writers. Order: size, encoding, depth, JSON, object, canary,
 * then the fields. Takes any bytes, never throws, and gives exactly one verdict.
 */
export function judgeRecord(bytes: Uint8Array, context: JudgeContext): Verdict {
  const parsed = parseRecord(bytes);
  if (parsed.kind === "refused") {
    return { kind: "rejected", reason: parsed.reason, detail: parsed.detail, eventId: undefined, wiki: undefined };
  }
  const canary = findCanary(parsed.value);
  if (canary !== undefined) return judgeCanary(parsed.value, canary.sourceTopic, context);
  const validation = validateEvent(parsed.value, parsed.text, context);
  if (validation.kind === "invalid") return reject(parsed.value, validation.reason, validation.detail);
  const { event, eventTimestampMs } = validation;
  return { kind: "accepted", event, eventTimestampMs, text: parsed.text };
}

function judgeCanary(value: JsonObject, sourceTopic: string | undefined, context: JudgeContext): Verdict {
  if (context.canary === "drop") return { kind: "dropped", reason: "canary", sourceTopic };
  return reject(value, "canary_leak", "meta.domain is canary");
}

type Rejected = Extract<Verdict, { kind: "rejected" }>;

function reject(value: JsonObject, reason: Rejected["reason"], detail: string): Rejected {
  const meta = value["meta"];
  const eventId = isJsonObject(meta) ? shortText(meta["id"], maxEventIdChars) : undefined;
  return { kind: "rejected", reason, detail, eventId, wiki: shortText(value["wiki"], maxWikiChars) };
}

/** Text that is safe to store beside a dead letter: not empty, not long, and writable as UTF-8. */
function shortText(value: unknown, maxChars: number): string | undefined {
  if (typeof value !== "string" || value.length === 0 || value.length > maxChars) return undefined;
  return value.isWellFormed() ? value : undefined;
}
