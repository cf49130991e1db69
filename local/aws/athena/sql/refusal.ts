import { AwsError } from "../../service.ts";

/** What Athena answers at StartQueryExecution, before a query exists. `code` is its AthenaErrorCode. */
export function invalidRequest(message: string, code = "INVALID_INPUT"): AwsError {
  return new AwsError("InvalidRequestException", message, 400, {
    Message: message,
    AthenaErrorCode: code,
    ErrorCode: code,
  });
}

/** A statement that cannot be read. */
export const malformed = (message: string): AwsError => invalidRequest(message, "MALFORMED_QUERY");

/** A statement that is no Athena statement, whatever the engine behind it could do with it. */
export const notSupported = (message = "Queries of this type are not supported"): AwsError =>
  invalidRequest(message, "MALFORMED_QUERY");
