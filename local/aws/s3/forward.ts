import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { S3Request } from "./operation.ts";

/** Headers that belong to one connection, or that the front has used up. */
const notForwarded = new Set([
  "authorization",
  "connection",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);
/** What a presigned address adds. */
const signatureParameters = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
  "X-Amz-Security-Token",
  "X-Amz-Content-Sha256",
]);

/** Headers of a request for S3Mock. */
export const requestHeaders = ({ headers }: Pick<S3Request, "headers">): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !notForwarded.has(name)));

/** Canonical path and query for S3Mock. */
export function targetOf({ path, query }: Pick<S3Request, "path" | "query">): string {
  const kept = [...query].filter(([name]) => !signatureParameters.has(name));
  return kept.length === 0 ? path : `${path}?${new URLSearchParams(kept)}`;
}

/** Headers of an answer of S3Mock for the caller. */
export const responseHeaders = (upstream: IncomingMessage, requestId: string): OutgoingHttpHeaders => ({
  ...Object.fromEntries(
    Object.entries(upstream.headers).filter(([name]) => !notForwarded.has(name) && name !== "vary"),
  ),
  "x-amz-request-id": requestId,
});

/** The rest of an answer as one buffer. */
export async function collect(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // A message without setEncoding yields Buffers only.
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
