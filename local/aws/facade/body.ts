import type { IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";
import { AwsError } from "../service.ts";

/** Largest request: a Lambda invocation's 6 MB payload with room; every other call is far smaller. */
export const maxBodyBytes = 8 * 1024 * 1024;

/** The whole body, decompressed when the SDK compressed it (PutMetricData). Throws AwsError past the bound. */
export async function readBody(request: IncomingMessage, limit = maxBodyBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    // A request without setEncoding yields Buffers only.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(bytes);
  }
  const body = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? inflate(body, limit) : body;
}

function inflate(body: Buffer, limit: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw new AwsError("SerializationException", "The body is not gzip", 400);
  }
}

const tooLarge = (limit: number): AwsError =>
  new AwsError("RequestEntityTooLargeException", `Request must be smaller than ${limit} bytes`, 413);
