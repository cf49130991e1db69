import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { EventModel } from "./event-model.ts";
import { type ConnectionFault, createFaultSwitch, type FaultSwitch, isFault, type StreamFault } from "./faults.ts";
import { encodeEventId, type ResumePosition, resumePosition } from "./resume-position.ts";
import type { SimEvent } from "./sim-event.ts";

export type StreamServerOptions = {
  readonly model: EventModel;
  readonly port: number;
  readonly now?: () => number;
  /** How far back a resume can reach. The real one keeps 7 to 31 days. */
  readonly retentionMs: number;
  /** The load balancer's hard limit on a connection: 15 minutes. */
  readonly connectionMs: number;
  /** Connections allowed at once from one address; more get 429. Two, as on each worker of the real service. */
  readonly maxConnections: number;
};

export type StreamServer = {
  readonly url: string;
  readonly faults: FaultSwitch;
  readonly status: () => Readonly<Record<string, number>>;
  close(): Promise<void>;
};

/** A delivered batch of the past is cut here so that a slow reader never makes the server hold more. */
const idlePollMs = 25;
const endlessLineBytes = 16 * 1024 * 1024;

/** Our EventStreams: `GET /v2/stream/recentchange` on loopback, with the protocol and the vices of the real service. */
export async function startStreamServer(options: StreamServerOptions): Promise<StreamServer> {
  const faults = createFaultSwitch();
  const counters = { connections: 0, open: 0, sent: 0, refused: 0 };
  const context: Context = { ...options, now: options.now ?? Date.now, faults, counters };
  const server = createServer(
    (request, response) => void route(context, request, response).catch(() => response.destroy()),
  );
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}/v2/stream/recentchange`,
    faults,
    status: () => ({ ...counters }),
    close: () => closeServer(server),
  };
}

type Counters = { connections: number; open: number; sent: number; refused: number };
type Context = Required<StreamServerOptions> & { readonly faults: FaultSwitch; readonly counters: Counters };

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function route(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://loopback");
  if (url.pathname === "/_control/status")
    return json(response, 200, { ...context.counters, faults: context.faults.pending() });
  if (url.pathname === "/_control/faults" && request.method === "POST") return armFault(context, request, response);
  if (!url.pathname.startsWith("/v2/stream/")) return json(response, 404, { error: "not found" });
  const streams = url.pathname.slice("/v2/stream/".length).split(",");
  if (!streams.every((stream) => stream === "recentchange" || stream === "mediawiki.recentchange")) {
    return json(response, 400, { type: "stream_not_found", message: "Stream Not Found" });
  }
  return connect(context, request, response, url);
}

async function armFault({ faults }: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // an http request yields buffers
  const body = JSON.parse(Buffer.concat(chunks).toString() || "{}") as { fault?: unknown; times?: unknown }; // checked below
  if (!isFault(body.fault)) return json(response, 400, { error: "unknown fault" });
  faults.arm(body.fault, typeof body.times === "number" ? body.times : 1);
  return json(response, 200, faults.pending());
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Since autumn 2025 a request without a descriptive agent gets 403. "Descriptive" here: a name, a version, a contact. */
const isDescriptive = (agent: string | undefined): boolean =>
  agent !== undefined && /^[^/\s]+\/\S+ .*(\(|@|https?:)/.test(agent);

async function connect(context: Context, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const { counters } = context;
  counters.connections += 1;
  const fault = context.faults.takeConnectionFault();
  if (fault) return refuse(response, fault, counters);
  if (!isDescriptive(request.headers["user-agent"])) return refuse(response, "status-403", counters);
  if (counters.open >= context.maxConnections) return refuse(response, "status-429", counters);
  const lastEventId = request.headers["last-event-id"];
  const nowMs = context.now();
  const resume = resumePosition({
    lastEventId: Array.isArray(lastEventId) ? lastEventId[0] : lastEventId,
    since: url.searchParams.get("since") ?? undefined,
    nowMs,
    earliestMs: nowMs - context.retentionMs,
  });
  if (resume.kind === "refused") return json(response, resume.status, { message: resume.message });
  counters.open += 1;
  try {
    await stream(context, response, resume.from);
  } finally {
    counters.open -= 1;
  }
}

function refuse(response: ServerResponse, fault: ConnectionFault, counters: Counters): void {
  counters.refused += 1;
  if (fault === "html-200") {
    response.writeHead(200, { "content-type": "text/html" });
    return void response.end("<!doctype html><title>Wikimedia Error</title>");
  }
  if (fault === "status-204") return void response.writeHead(204).end();
  const status = Number(fault.slice("status-".length));
  json(response, status, { message: "refused" }, status === 429 || status === 503 ? { "retry-after": "1" } : {});
}

async function stream(context: Context, response: ServerResponse, from: ResumePosition): Promise<void> {
  const { now, model, connectionMs } = context;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "access-control-allow-origin": "*",
  });
  response.write(":ok\n\n");
  const closesAtMs = now() + connectionMs;
  const seenMs = new Map<string, number>();
  let second = Math.floor(Math.min(...from.values()) / 1000);
  let index = 0;
  let events = model.eventsOf(second);
  while (!response.destroyed && now() < closesAtMs) {
    const event = events[index];
    if (!event) {
      if (now() < (second + 1) * 1000) await delay(idlePollMs);
      else [second, index, events] = [second + 1, 0, model.eventsOf(second + 1)];
      continue;
    }
    if (event.timestampMs > now()) {
      await delay(Math.min(idlePollMs, event.timestampMs - now()));
      continue;
    }
    index += 1;
    if (event.timestampMs < (from.get(event.topic) ?? 0)) continue;
    seenMs.set(event.topic, event.timestampMs);
    if (!(await deliver(context, response, event, encodeEventId(seenMs)))) return;
  }
  response.end();
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Writes one event, or the fault armed for it. False when the connection is over. */
async function deliver(context: Context, response: ServerResponse, event: SimEvent, id: string): Promise<boolean> {
  const frame = `event: message\nid: ${id}\ndata: ${event.data}\n\n`;
  const fault = context.faults.takeStreamFault();
  if (fault) return misbehave(response, fault, frame, id);
  context.counters.sent += 1;
  if (!response.write(frame)) await drained(response);
  return !response.destroyed;
}

/** Until the reader has taken what was written, or is gone; the listener of the other outcome is taken off. */
async function drained(response: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const until = (event: string) => once(response, event, { signal: settled.signal }).catch(() => undefined);
  await Promise.race([until("drain"), until("close")]);
  settled.abort();
}

/** True when the stream goes on afterwards (then the event itself was delivered, with something beside it). */
async function misbehave(response: ServerResponse, fault: StreamFault, frame: string, id: string): Promise<boolean> {
  switch (fault) {
    case "cut-mid-event":
      response.write(frame.slice(0, Math.floor(frame.length / 2)), () => response.destroy());
      return false;
    case "close":
      response.end();
      return false;
    case "silence":
      await once(response, "close");
      return false;
    case "duplicate":
      return response.write(frame + frame) || !response.destroyed;
    case "malformed-json":
      return (
        response.write(`event: message\nid: ${id}\ndata: {"meta":{"id":"broken", oops\n\n${frame}`) ||
        !response.destroyed
      );
    case "endless-line":
      response.write(`event: message\nid: ${id}\ndata: ${"x".repeat(endlessLineBytes)}`, () => response.destroy());
      return false;
    case "error-frame":
      response.end(`event: error\ndata: {"message":"simulated"}\n\n`);
      return false;
    default:
      return fault satisfies never;
  }
}
