import { WikilakeError } from "../platform/errors.ts";

/** Anything that the object store or the query engine answered that is not an expected outcome. */
export class LakeError extends WikilakeError {}

/** A call that may succeed when repeated: throttling, a server's fault, a broken connection. */
export function transientError(operation: string, cause: unknown): LakeError {
  return new LakeError("LAKE_TRANSIENT", `${operation} failed for now`, { retriable: true, cause });
}

/** A call that was not taken, for certain, and may be when it is repeated. */
export function throttledError(operation: string, cause: unknown): LakeError {
  return new LakeError("LAKE_THROTTLED", `${operation} was throttled`, { retriable: true, cause });
}

/** True when the call had no effect, for certain: it was answered, and the answer was no. */
export function hadNoEffect(error: unknown): boolean {
  return error instanceof LakeError && (error.code === "LAKE_REFUSED" || error.code === "LAKE_THROTTLED");
}

/** A call that is refused for good: permissions, a missing bucket, a wrong parameter. */
export function permanentError(operation: string, cause: unknown): LakeError {
  return new LakeError("LAKE_REFUSED", `${operation} was refused`, { retriable: false, cause });
}

/** What lies in the store is not what this version writes. */
export function contentError(key: string, cause?: unknown): LakeError {
  return new LakeError("LAKE_CONTENT", `unexpected content of ${key}`, { retriable: false, cause });
}
