import { readBody } from "../facade/body.ts";
import type { Permission } from "../service.ts";
import { s3Arn } from "./address.ts";
import { type DeletedObject, deleteBody, parseDelete, withRefusals } from "./delete-objects.ts";
import { callOf, type Exchange, type HandlerDeps, throwFault } from "./exchange.ts";
import { collect, requestHeaders, responseHeaders, targetOf } from "./forward.ts";
import type { KeyLocks } from "./key-locks.ts";

/** Deletes several objects: IAM is asked per key, refused keys are errors in the answer, as on S3. */
export async function deleteObjects(exchange: Exchange, deps: HandlerDeps): Promise<void> {
  const { request, incoming, response, requestId } = exchange;
  const original = await readBody(incoming);
  const { objects, quiet } = parseDelete(original);
  const { allowed, refused } = await split(objects, exchange, deps);
  const body = refused.length === 0 ? original : deleteBody(allowed, quiet);
  const headers =
    refused.length === 0 ? requestHeaders(request) : withoutChecksums(requestHeaders(request), body.length);
  const release = await lockAll(
    allowed.map(({ key }) => `${request.bucket}/${key}`),
    deps.locks,
  );
  try {
    const upstream =
      allowed.length > 0
        ? await deps.upstream.send({ method: "POST", target: targetOf(request), headers, body })
        : undefined;
    const text = upstream ? (await collect(upstream)).toString("utf8") : "";
    const status = upstream?.statusCode ?? 200;
    throwFault(await deps.hooks?.after?.(callOf(exchange), status));
    const answer = Buffer.from(refused.length === 0 ? text : withRefusals(text, refused));
    const head = upstream
      ? responseHeaders(upstream, requestId)
      : { "content-type": "application/xml", "x-amz-request-id": requestId };
    response.writeHead(status, { ...head, "content-length": answer.length });
    response.end(answer);
  } finally {
    release();
  }
}

async function split(objects: readonly DeletedObject[], { request, principal }: Exchange, { authorizer }: HandlerDeps) {
  const allowed: DeletedObject[] = [];
  const refused: DeletedObject[] = [];
  for (const object of objects) {
    const action = object.versionId === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion";
    const permission: Permission = { action, resource: s3Arn(request.bucket ?? "", object.key) };
    ((await authorizer.isAllowed(principal, permission)) ? allowed : refused).push(object);
  }
  return { allowed, refused };
}

// In one order for everybody, so that two requests never wait for each other.
async function lockAll(keys: readonly string[], locks: KeyLocks): Promise<() => void> {
  const releases: (() => void)[] = [];
  for (const key of [...new Set(keys)].sort()) releases.push(await locks.acquire(key, "write"));
  return () => {
    for (const release of releases) release();
  };
}

function withoutChecksums(
  headers: ReturnType<typeof requestHeaders>,
  length: number,
): ReturnType<typeof requestHeaders> {
  const kept = Object.entries(headers).filter(
    ([name]) => !/^(content-md5|x-amz-checksum-.*|x-amz-sdk-checksum-algorithm|x-amz-content-sha256)$/.test(name),
  );
  return { ...Object.fromEntries(kept), "content-length": length };
}
