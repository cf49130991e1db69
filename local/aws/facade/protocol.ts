import type { AwsError, AwsResponse, AwsService } from "../service.ts";

/** An HTTP request whose body is read; `path` has no service segment. */
export type Call = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
};
export type ParsedCall = { readonly operation: string; readonly input: Readonly<Record<string, unknown>> };
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
};

/** One wire format: how a call is read and how results and errors are written. */
export type Protocol = {
  /** Throws AwsError for what cannot be read. */
  parse(call: Call, service: AwsService): ParsedCall;
  success(response: AwsResponse, operation: string, requestId: string): Answer;
  failure(error: AwsError, requestId: string): Answer;
};

/** One header as text. */
export function header(call: Pick<Call, "headers">, name: string): string | undefined {
  const value = call.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}
