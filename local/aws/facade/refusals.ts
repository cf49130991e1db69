import { AwsError } from "../service.ts";

/** Services that name a refusal otherwise than `AccessDeniedException`. */
const refusalCodes: Readonly<Record<string, string>> = {
  sns: "AuthorizationError",
  sts: "AccessDenied",
  cloudwatch: "AccessDenied",
  sqs: "AccessDenied",
};

/** Any thrown value as the error a caller of `service` sees. What is not an AwsError is a bug: InternalFailure, no text of it. */
export function toAwsError(error: unknown, service: string): AwsError {
  if (!(error instanceof AwsError))
    return new AwsError("InternalFailure", "The local service failed; see its log", 500);
  const code = error.code === "AccessDeniedException" ? refusalCodes[service] : undefined;
  return code ? new AwsError(code, error.message, error.status, error.fields) : error;
}
