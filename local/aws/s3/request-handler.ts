import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Logger } from "../../../lib/platform/logger.ts";
import { authenticate, signatureLifeMs } from "../facade/authenticate.ts";
import { AwsError, type Principal } from "../service.ts";
import { parseAddress, s3Arn } from "./address.ts";
import { deleteObjects } from "./delete-request.ts";
import { callOf, type Exchange, type HandlerDeps, LostAnswer, throwFault } from "./exchange.ts";
import { collect, requestHeaders, responseHeaders, targetOf } from "./forward.ts";
import type { KeyLocks } from "./key-locks.ts";
import { headerOf, operationOf, type S3Operation, type S3Request } from "./operation.ts";
import { errorDocument, S3Error } from "./s3-error.ts";

/** Uploads up to this size are read before the key's lock is taken: a slow sender must not block the others. */
const bufferedBytes = 8 * 1024 * 1024;
/** Answers up to this size are read at once, so that a slow reader does not hold the lock. */
const bufferedAnswerBytes = 1024 * 1024;

/** Handles requests; the returned function never rejects. */
export function createRequestHandler(
  deps: HandlerDeps,
): (incoming: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (incoming, response) => {
    const requestId = deps.requestId();
    try {
      await serve(incoming, response, requestId, deps);
    } catch (error) {
      refuse(error, incoming, response, requestId, deps.logger);
    }
  };
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  deps: HandlerDeps,
): Promise<void> {
  const { headers, method = "GET", url = "/" } = incoming;
  const request = { ...parseAddress(url), method, headers };
  const principal = callerOf(request, deps);
  const operation = operationOf(request);
  await deps.authorizer.check(principal, operation.permissions);
  const exchange = { request, incoming, response, operation, principal, requestId };
  throwFault(await deps.hooks?.before?.(callOf(exchange)));
  if (operation.name === "DeleteObjects") await deleteObjects(exchange, deps);
  else await pass(exchange, deps);
}

function callerOf(request: S3Request, { principals, now }: HandlerDeps): Principal {
  const authorization = headerOf(request, "authorization");
  const signed = { authorization, date: headerOf(request, "x-amz-date"), query: request.query };
  return authenticate(signed, principals, now(), signatureLifeMs.s3);
}

async function pass(exchange: Exchange, deps: HandlerDeps): Promise<void> {
  const { request, incoming, operation } = exchange;
  const body = await bodyOf(incoming);
  const release = await lockFor(request, operation, deps.locks);
  try {
    const sent = { method: request.method, target: targetOf(request), headers: requestHeaders(request), body };
    const upstream = await sendAgain(() => deps.upstream.send(sent), isRead(request) ? readAttempts : 1);
    await relay(upstream, exchange, deps, release);
  } finally {
    release();
  }
}

/** A list that meets a deletion in S3Mock is answered with 500 (5 of 550 under churn); S3 has no such moment. */
const readAttempts = 4;

const isRead = ({ method }: S3Request): boolean => method === "GET" || method === "HEAD";

async function sendAgain(send: () => Promise<IncomingMessage>, attempts: number): Promise<IncomingMessage> {
  const answer = await send();
  if (answer.statusCode !== 500 || attempts <= 1) return answer;
  answer.resume();
  return sendAgain(send, attempts - 1);
}

async function bodyOf(incoming: IncomingMessage): Promise<IncomingMessage | Buffer | undefined> {
  const length = incoming.headers["content-length"];
  if (length === undefined && incoming.headers["transfer-encoding"] === undefined) return undefined;
  // aws-chunked bodies stay as they are: S3Mock decodes them and checks their trailing checksum.
  return length !== undefined && Number(length) <= bufferedBytes ? collect(incoming) : incoming;
}

function lockFor(
  { bucket, key }: S3Request,
  { access }: S3Operation,
  locks: KeyLocks,
): Promise<() => void> | (() => void) {
  return access === "none" || key === undefined ? () => {} : locks.acquire(`${bucket}/${key}`, access);
}

async function relay(
  upstream: IncomingMessage,
  exchange: Exchange,
  deps: HandlerDeps,
  release: () => void,
): Promise<void> {
  const { response, operation, requestId } = exchange;
  const status = upstream.statusCode ?? 500;
  const small = operation.access === "write" || Number(upstream.headers["content-length"] ?? 0) <= bufferedAnswerBytes;
  const body = small ? await collect(upstream) : undefined;
  if (body) release();
  if (await hiddenFromCaller(status, exchange, deps)) throw new S3Error("AccessDenied", "Access Denied", 403);
  if (status < 300 && operation.creates) await announce(upstream, exchange, deps);
  const fault = await deps.hooks?.after?.(callOf(exchange), status);
  if (fault) {
    upstream.destroy();
    throwFault(fault);
  }
  const headers = responseHeaders(upstream, requestId);
  if (!body) {
    response.writeHead(status, headers);
    await pipeline(upstream, response);
    return;
  }
  const head = exchange.request.method === "HEAD" || status === 204 || status === 304;
  response.writeHead(status, head ? headers : { ...headers, "content-length": body.length });
  response.end(head ? undefined : body);
}

/** A missing key is told as such only to who may list the bucket; to others it is a refusal. */
async function hiddenFromCaller(
  status: number,
  { request, operation, principal }: Exchange,
  deps: HandlerDeps,
): Promise<boolean> {
  if (status !== 404 || operation.access !== "read" || request.bucket === undefined) return false;
  return !(await deps.authorizer.isAllowed(principal, { action: "s3:ListBucket", resource: s3Arn(request.bucket) }));
}

async function announce(
  upstream: IncomingMessage,
  { request, operation }: Exchange,
  { notifications, upstream: s3 }: HandlerDeps,
): Promise<void> {
  const { bucket, key, path } = request;
  if (!bucket || !key || !operation.creates || !notifications.interested(bucket, key)) return;
  const head = await s3.send({ method: "HEAD", target: path, headers: {}, body: undefined });
  head.resume();
  const eTag = String(upstream.headers.etag ?? head.headers.etag ?? "").replaceAll('"', "");
  const size = Number(head.headers["content-length"] ?? 0);
  notifications.publish({ eventName: operation.creates, bucket, key, size, eTag });
}

function refuse(
  error: unknown,
  incoming: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  logger: Logger,
): void {
  if (error instanceof LostAnswer || response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const failure = toS3Error(error);
  if (failure.status === 403) logger.warn("s3-call-refused", { reason: failure.message, requestId });
  if (failure.status >= 500 && failure !== error) logger.error("s3-call-failed", { error: String(error), requestId });
  const document = incoming.method === "HEAD" ? "" : errorDocument(failure, incoming.url ?? "/", requestId);
  // What is left of an upload is not read: the connection cannot carry another request.
  const closing = incoming.complete ? {} : { connection: "close" };
  response.writeHead(failure.status, {
    "content-type": "application/xml",
    "x-amz-request-id": requestId,
    ...closing,
    ...(document ? { "content-length": Buffer.byteLength(document) } : {}),
  });
  response.end(document);
}

/** Names S3 gives to what other services call otherwise. */
const s3Codes: Readonly<Record<string, string>> = {
  AccessDeniedException: "AccessDenied",
  MissingAuthenticationTokenException: "AccessDenied",
  UnrecognizedClientException: "InvalidAccessKeyId",
  InvalidSignatureException: "RequestTimeTooSkewed",
};

function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof AwsError) return new S3Error(s3Codes[error.code] ?? error.code, error.message, error.status);
  return new S3Error("InternalError", "We encountered an internal error. Please try again.", 500);
}
