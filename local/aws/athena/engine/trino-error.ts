import { WikilakeError } from "../../../../lib/platform/errors.ts";

export type TrinoErrorType = "USER_ERROR" | "INTERNAL_ERROR" | "INSUFFICIENT_RESOURCES" | "EXTERNAL";

/** A statement that the engine refused or failed. `errorName` is the engine's: `TABLE_NOT_FOUND`, `ICEBERG_COMMIT_ERROR`. */
export class TrinoError extends WikilakeError {
  readonly errorName: string;
  readonly errorType: TrinoErrorType;
  readonly queryId: string;

  constructor(errorName: string, errorType: TrinoErrorType, message: string, queryId: string) {
    super("ENGINE_QUERY_FAILED", message, { retriable: false });
    this.errorName = errorName;
    this.errorType = errorType;
    this.queryId = queryId;
  }
}

/** The engine does not answer: whether a statement under way has an effect is not known. */
export class TrinoUnreachable extends WikilakeError {
  constructor(message: string, cause?: unknown) {
    super("ENGINE_UNREACHABLE", message, { retriable: true, cause });
  }
}
