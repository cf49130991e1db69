import { isAscii, isUtf8 } from "node:buffer";
import { isTooDeep, maxDepth } from "../core/json-text.ts";
import type { RejectReason } from "../core/verdict.ts";

/**
 * Largest record value that we take, in bytes. Brokers take 1 MiB a batch by default (MSK, Kafka): 1,000,000 leaves
 * 48 kB for key and headers even when nothing compresses. Real events have 0.8–4 kB.
 */
export const maxRecordBytes = 1_000_000;

export type JsonObject = { [key: string]: unknown };
export type ParsedRecord =
  | { readonly kind: "parsed"; readonly text: string; readonly value: JsonObject }
  | { readonly kind: "refused"; readonly reason: RejectReason; readonly detail: string };

/** Bytes to one JSON object, or the reason why not. Never throws; looks at size, encoding and depth before parsing. */
export function parseRecord(bytes: Uint8Array): ParsedRecord {
  if (bytes.length > maxRecordBytes) return refuse("oversize", `${bytes.length} bytes, limit ${maxRecordBytes}`);
  const text = decode(bytes);
  if (text === undefined) return refuse("invalid_utf8", "not valid UTF-8");
  if (isTooDeep(text)) return refuse("too_deep", `nested deeper than ${maxDepth} levels`);
  const value = parseJson(text);
  if (value === undefined) return refuse("invalid_json", "not valid JSON");
  if (!isJsonObject(value)) return refuse("not_an_object", `the text is ${nameType(value)}, not an object`);
  return { kind: "parsed", text, value };
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A byte order mark is not removed: JSON does not allow one, and the text must equal the bytes. */
function decode(bytes: Uint8Array): string | undefined {
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(view)) return view.toString("latin1");
  return isUtf8(view) ? view.toString("utf8") : undefined;
}

/** undefined stands for "does not parse"; no JSON text has that value. The parser's message holds event text: not kept. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nameType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}

function refuse(reason: RejectReason, detail: string): ParsedRecord {
  return { kind: "refused", reason, detail };
}
