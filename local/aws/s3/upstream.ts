import { Agent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { S3Error } from "./s3-error.ts";

export type UpstreamRequest = {
  readonly method: string;
  /** Canonical path with its query. */
  readonly target: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Readable | Uint8Array | undefined;
};

/** The S3 implementation behind the front. */
export type Upstream = {
  /** Sends a request and gives its answer when the head is there. Throws S3Error ServiceUnavailable when it does not answer. */
  send(request: UpstreamRequest): Promise<IncomingMessage>;
  close(): void;
};

/** Connections kept to S3Mock; its Tomcat has 200 threads, two cores need no more. */
const maxConnections = 64;
/** S3Mock answers in milliseconds; a completed upload of many parts is copied first. */
const answerTimeoutMs = 120_000;

/** Connects to S3Mock's HTTP port. */
export function createUpstream(endpoint: string): Upstream {
  const { hostname, port } = new URL(endpoint);
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  return {
    send: ({ method, target, headers, body }) =>
      new Promise((resolve, reject) => {
        const call = httpRequest({ hostname, port, agent, method, path: target, headers, timeout: answerTimeoutMs });
        call.on("response", resolve);
        call.on("timeout", () => call.destroy(new Error("S3Mock did not answer in time")));
        call.on("error", (error) => reject(unavailable(error)));
        if (body === undefined || body instanceof Uint8Array) call.end(body);
        else pump(body, call);
      }),
    close: () => agent.destroy(),
  };
}

function pump(body: Readable, call: ReturnType<typeof httpRequest>): void {
  body.on("error", (error) => call.destroy(error));
  // A caller that goes away in the middle of an upload must not leave half an object behind.
  body.on("close", () => {
    if (!body.readableEnded) call.destroy(new Error("The caller went away"));
  });
  body.pipe(call);
}

const unavailable = (error: Error): S3Error => {
  const failure = new S3Error("ServiceUnavailable", "Please reduce your request rate.", 503);
  failure.cause = error;
  return failure;
};
