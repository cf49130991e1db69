import { TrinoError } from "./trino-error.ts";

/** Status.AthenaError of a failed query. Categories: 1 system, 2 user, 3 other. */
export type AthenaError = {
  readonly ErrorCategory: number;
  readonly ErrorType: number;
  readonly Retryable: boolean;
  readonly ErrorMessage: string;
};

/** Athena's numbers for the engine's error names, as far as they are publicly known. */
const userErrorTypes: Readonly<Record<string, number>> = {
  DIVISION_BY_ZERO: 1001,
  TYPE_MISMATCH: 1002,
  COLUMN_NOT_FOUND: 1006,
  INVALID_CAST_ARGUMENT: 1100,
  NOT_SUPPORTED: 1200,
  TABLE_NOT_FOUND: 1301,
  SCHEMA_NOT_FOUND: 1301,
  FUNCTION_NOT_FOUND: 1303,
};
const otherUserError = 1000;
const internalError = 200;
const exhaustedResources = 0;

/** A failure in Athena's words. `table` is named in what Athena adds to a lost commit. */
export function athenaError(error: unknown, target: string | undefined): AthenaError {
  if (!(error instanceof TrinoError)) return internal(error instanceof Error ? error.message : String(error), true);
  const message = `${error.errorName}: ${athenaMessage(error, target)}`;
  if (error.errorType === "USER_ERROR")
    return shape(2, userErrorTypes[error.errorName] ?? otherUserError, false, message);
  // The same statement would exhaust them again.
  if (error.errorType === "INSUFFICIENT_RESOURCES") return shape(1, exhaustedResources, false, message);
  return shape(1, internalError, false, message);
}

/** Athena's own trouble, not the statement's. */
export const internal = (message: string, retryable: boolean): AthenaError =>
  shape(
    1,
    internalError,
    retryable,
    message.startsWith("GENERIC_INTERNAL_ERROR") ? message : `GENERIC_INTERNAL_ERROR: ${message}`,
  );

export const userError = (message: string, errorType: number = otherUserError): AthenaError =>
  shape(2, errorType, false, message);

const shape = (category: number, type: number, retryable: boolean, message: string): AthenaError => ({
  ErrorCategory: category,
  ErrorType: type,
  Retryable: retryable,
  ErrorMessage: message,
});

function athenaMessage({ errorName, message }: TrinoError, target: string | undefined): string {
  if (errorName === "ICEBERG_COMMIT_ERROR")
    return `Failed to commit Iceberg update to table: ${target ?? ""}. If a data manifest file was generated, you may need to manually clean the data from locations specified in the manifest. Athena will not delete data in your account. (${message})`;
  // The engine's catalogs are no names that a caller knows.
  return message
    .replaceAll(/(['"])(?:lake|staging)\./g, "$1awsdatacatalog.")
    .replaceAll(/\b(?:lake|staging)\.(?=\w+\.\w)/g, "awsdatacatalog.");
}
