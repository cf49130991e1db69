import { AwsError } from "../service.ts";
import { type Answer, type Call, header, type Protocol } from "./protocol.ts";

/** AWS JSON 1.0 and 1.1: the operation is in X-Amz-Target, an error's name in `__type`. */
export const jsonProtocol = (version: "1.0" | "1.1"): Protocol => ({
  parse: (call) => ({ operation: operationOf(call), input: parseObject(call.body) }),
  success: ({ status = 200, body, headers = {} }, _operation, requestId) => ({
    status,
    headers: { "content-type": `application/x-amz-json-${version}`, "x-amzn-requestid": requestId, ...headers },
    body: stringify(body),
  }),
  failure: (error, requestId) => jsonFailure(error, requestId, `application/x-amz-json-${version}`),
});

/** The error shape that both JSON families read: `__type` and header, `message` in both spellings. */
export function jsonFailure(error: AwsError, requestId: string, contentType: string): Answer {
  const { code, message, status, fields } = error;
  return {
    status,
    headers: { "content-type": contentType, "x-amzn-requestid": requestId, "x-amzn-errortype": code },
    body: stringify({ __type: code, message, Message: message, ...fields }),
  };
}

/** The body as an object; empty is `{}`. Throws SerializationException. */
export function parseObject(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    // Checked to be a plain object; its members are read by the service with a schema.
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Answered below, like a body that is no object.
  }
  throw new AwsError("SerializationException", "The request body is not a JSON object");
}

/** JSON as AWS writes it: times are epoch seconds. */
export function stringify(body: unknown): string {
  return JSON.stringify(body ?? {}, function replace(this: Record<string, unknown>, key: string, value: unknown) {
    // `value` has gone through Date.toJSON already; the holder still has the Date.
    const original = this[key];
    return original instanceof Date ? original.getTime() / 1000 : value;
  });
}

function operationOf(call: Call): string {
  const operation = header(call, "x-amz-target")?.split(".").at(-1);
  if (!operation) throw new AwsError("UnknownOperationException", "The request names no operation (X-Amz-Target)");
  return operation;
}
