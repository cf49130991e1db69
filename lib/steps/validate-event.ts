import { parseEventTime } from "../core/event-time.ts";
import { hasLoneSurrogate } from "../core/json-text.ts";
import type { RecentChange, RejectReason, SourceKind } from "../core/verdict.ts";
import { isJsonObject, type JsonObject } from "./parse-record.ts";

/** `meta.id` is a 36-character uuid; anything up to this is taken as it comes, longer is no id. */
export const maxEventIdChars = 200;
/** Live only: older belongs to a backfill. Silver merges at most 31 days back. */
export const maxAgeMs = 31 * 24 * 3_600_000;
/** Live only: more than a clock can be wrong. */
export const maxAheadMs = 10 * 60_000;

/** Largest value of an `int` column. */
const maxInt32 = 2_147_483_647;
/** Lengths beyond ±2^30 are refused so that new − old still fits an `int` column. Real pages have up to 2 MB. */
const maxLength = 2 ** 30;
/** 9999-12-31T23:59:59Z in seconds: the last instant that every engine's timestamp holds. */
const maxTimestampSeconds = 253_402_300_799;

export type ValidationContext = { readonly sourceKind: SourceKind; readonly nowMs: number };
export type Validation =
  | { readonly kind: "valid"; readonly event: RecentChange; readonly eventTimestampMs: number }
  | { readonly kind: "invalid"; readonly reason: RejectReason; readonly detail: string };

type Check = (value: unknown) => string | undefined;

const text: Check = (value) => (typeof value === "string" ? undefined : "expected text");
const flag: Check = (value) => (typeof value === "boolean" ? undefined : "expected true or false");
const integer =
  (min: number, max: number): Check =>
  (value) => {
    if (typeof value !== "number" || !Number.isInteger(value)) return "expected a whole number";
    return value >= min && value <= max ? undefined : `expected a whole number from ${min} to ${max}`;
  };
const long = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const int = integer(-maxInt32, maxInt32);
const byteLength = integer(-maxLength, maxLength);
const seconds = integer(0, maxTimestampSeconds);

type FieldChecks = readonly (readonly [field: string, check: Check])[];

/** In this order, whatever the order of the keys: the same event gets the same verdict. */
const metaChecks: FieldChecks = [
  ["domain", text],
  ["stream", text],
  ["uri", text],
  ["request_id", text],
  ["topic", text],
  ["partition", int],
  ["offset", long],
  ["schema_uri", text],
];
const eventChecks: FieldChecks = [
  ["$schema", text],
  ["id", long],
  ["type", text],
  ["namespace", int],
  ["title", text],
  ["title_url", text],
  ["comment", text],
  ["timestamp", seconds],
  ["user", text],
  ["bot", flag],
  ["minor", flag],
  ["patrolled", flag],
  ["log_id", long],
  ["log_type", text],
  ["log_action", text],
  ["wiki", text],
  ["server_name", text],
];
const lengthChecks: FieldChecks = [
  ["old", byteLength],
  ["new", byteLength],
];
const revisionChecks: FieldChecks = [
  ["old", long],
  ["new", long],
];

/**
 * Checks the known fields of a parsed record. A known field is absent, null (then it is removed, so that absent is
 * absent) or of its type; unknown keys and unknown event types pass. The object is changed in place and returned.
 */
export function validateEvent(value: JsonObject, rawText: string, context: ValidationContext): Validation {
  if (hasLoneSurrogate(rawText)) return invalid("invalid_utf8", "an escaped surrogate stands without its other half");
  const meta = value["meta"];
  if (meta === undefined || meta === null) return invalid("missing_meta", "meta is missing");
  if (!isJsonObject(meta)) return invalid("type_mismatch", "meta: expected an object");
  const identity = checkId(meta["id"]);
  if (identity !== undefined) return identity;
  const eventTimestampMs = typeof meta["dt"] === "string" ? parseEventTime(meta["dt"]) : undefined;
  if (eventTimestampMs === undefined) return invalid("invalid_dt", "meta.dt is no ISO-8601 instant with a zone");
  const problem =
    checkFields(meta, metaChecks, "meta.") ??
    checkFields(value, eventChecks, "") ??
    checkNested(value, "length", lengthChecks) ??
    checkNested(value, "revision", revisionChecks);
  if (problem !== undefined) return invalid("type_mismatch", problem);
  const age = checkAge(eventTimestampMs, context);
  if (age !== undefined) return age;
  dropHostileKeys(value);
  // The checks above are the proof: every field that RecentChange names is absent or of its type.
  return { kind: "valid", event: value as unknown as RecentChange, eventTimestampMs };
}

function checkId(id: unknown): Validation | undefined {
  if (id === undefined || id === null || id === "") return invalid("missing_event_id", "meta.id is missing");
  if (typeof id !== "string") return invalid("type_mismatch", "meta.id: expected text");
  if (id.length <= maxEventIdChars) return undefined;
  return invalid("type_mismatch", `meta.id: longer than ${maxEventIdChars} characters`);
}

function checkFields(container: JsonObject, checks: FieldChecks, prefix: string): string | undefined {
  for (const [field, check] of checks) {
    const value = container[field];
    if (value === undefined) continue;
    if (value === null) {
      delete container[field];
      continue;
    }
    const problem = check(value);
    if (problem !== undefined) return `${prefix}${field}: ${problem}`;
  }
  return undefined;
}

function checkNested(container: JsonObject, field: string, checks: FieldChecks): string | undefined {
  const value = container[field];
  if (value === undefined) return undefined;
  if (value === null) {
    delete container[field];
    return undefined;
  }
  if (!isJsonObject(value)) return `${field}: expected an object`;
  return checkFields(value, checks, `${field}.`);
}

function checkAge(eventTimestampMs: number, context: ValidationContext): Validation | undefined {
  if (context.sourceKind !== "live") return undefined;
  const age = context.nowMs - eventTimestampMs;
  if (age > maxAgeMs) return invalid("dt_out_of_range", "meta.dt is more than 31 days old");
  return age < -maxAheadMs ? invalid("dt_out_of_range", "meta.dt is more than 10 minutes ahead") : undefined;
}

const prototypeKey = "__proto__";

/** An own key `__proto__` is data here, but `Object.assign` further down would take it for the prototype. */
function dropHostileKeys(value: JsonObject): void {
  if (Object.hasOwn(value, prototypeKey)) delete value[prototypeKey];
}

function invalid(reason: RejectReason, detail: string): Validation {
  return { kind: "invalid", reason, detail };
}
