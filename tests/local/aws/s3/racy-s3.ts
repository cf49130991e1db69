import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { listenOnLoopback } from "../../../../local/aws/facade/loopback.ts";

type Stored = { readonly body: Buffer; readonly eTag: string };

/** A tiny S3 with S3Mock's weakness: it checks a condition, waits, then writes; an overwrite shows half an object meanwhile. */
export async function startRacyS3() {
  const objects = new Map<string, Stored>();
  const seen: IncomingMessage["headers"][] = [];
  const broken = { answers: 0 };
  const server = createServer((request, response) => {
    seen.push(request.headers);
    if (broken.answers > 0) {
      broken.answers -= 1;
      request.resume();
      return end(response, 500, {}, "<Map/>");
    }
    void answer(request, response, objects);
  });
  const { port, close } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, objects, seen, broken, close };
}

async function answer(request: IncomingMessage, response: ServerResponse, objects: Map<string, Stored>): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [path = ""] = (request.url ?? "").split("?");
  const stored = objects.get(path);
  if (request.method === "PUT") return put(request, response, objects, path, Buffer.concat(chunks));
  if (request.method === "DELETE") {
    objects.delete(path);
    return end(response, 204, {});
  }
  if (request.method === "POST")
    return end(response, 200, {}, '<?xml version="1.0"?><DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>');
  if (!stored)
    return end(
      response,
      404,
      {},
      "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>",
    );
  end(
    response,
    200,
    { etag: stored.eTag, "content-length": stored.body.length },
    request.method === "HEAD" ? undefined : stored.body,
  );
}

async function put(
  request: IncomingMessage,
  response: ServerResponse,
  objects: Map<string, Stored>,
  path: string,
  body: Buffer,
) {
  const stored = objects.get(path);
  const match = request.headers["if-match"];
  const failed = (request.headers["if-none-match"] === "*" && stored) || (match && stored && match !== stored.eTag);
  if (failed) return end(response, 412, {}, "<Error><Code>PreconditionFailed</Code><Message>no</Message></Error>");
  if (match && !stored) return end(response, 404, {}, "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>");
  if (stored) objects.set(path, { body: body.subarray(0, body.length / 2), eTag: '"torn"' });
  await sleep(5);
  const eTag = `"${createHash("md5").update(body).digest("hex")}"`;
  objects.set(path, { body, eTag });
  end(response, 200, { etag: eTag });
}

function end(
  response: ServerResponse,
  status: number,
  headers: Record<string, string | number>,
  body?: string | Buffer,
): void {
  response.writeHead(status, { "content-type": "application/xml", ...headers });
  response.end(body);
}
