/** What the lake needs of S3: whole objects, conditional writes, strong consistency of reads and listings. */
export type StoredObject = { readonly body: Uint8Array; readonly etag: string };
export type ListedObject = { readonly key: string; readonly lastModifiedMs: number };

/**
 * `refused`: the condition did not hold. After a lost reply this may be our own earlier attempt that did arrive, so a
 * refusal says what the state is not, never who changed it: read again.
 */
export type ConditionalWrite = { readonly kind: "written"; readonly etag: string } | { readonly kind: "refused" };

/** Errors are LakeError with `retriable`; a missing key is undefined, not an error. */
export type ObjectStore = {
  get(key: string): Promise<StoredObject | undefined>;
  /** Writes only when the key does not exist (If-None-Match: *). */
  putIfAbsent(key: string, body: Uint8Array): Promise<ConditionalWrite>;
  /** Writes only when the object still has that etag (If-Match). */
  putIfMatch(key: string, body: Uint8Array, etag: string): Promise<ConditionalWrite>;
  /** Deleting what is not there succeeds. */
  delete(key: string): Promise<void>;
  /** Every object under the prefix, in order of keys. */
  list(prefix: string): Promise<readonly ListedObject[]>;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** Throws SyntaxError on anything but JSON: what we wrote ourselves must parse. */
export function decodeJson(body: Uint8Array): unknown {
  return JSON.parse(decoder.decode(body));
}
