import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;
export type SseServer = { readonly url: URL; readonly requests: IncomingMessage[]; close(): Promise<void> };

/** A server on this machine that gives the answers in order, the last one again and again. */
export async function startSseServer(...answers: readonly Answer[]): Promise<SseServer> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(request);
    response.on("error", () => undefined);
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/v2/stream/recentchange`),
    requests,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export const eqiad = "eqiad.mediawiki.recentchange";
export const codfw = "codfw.mediawiki.recentchange";

export function frameText(data: string, eqiadMs: number, codfwMs?: number): string {
  const codfwEntry = codfwMs === undefined ? { offset: -1 } : { timestamp: codfwMs };
  const id = [
    { topic: eqiad, partition: 0, timestamp: eqiadMs },
    { topic: codfw, partition: 0, ...codfwEntry },
  ];
  return `event: message\nid: ${JSON.stringify(id)}\ndata: ${data}\n\n`;
}

/** Sends the text as an event stream, then ends, cuts the socket or leaves it open. */
export function stream(text: string, then: "end" | "cut" | "hang" = "end"): Answer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write(`:ok\n\n${text}`, () => {
      if (then === "end") response.end();
      if (then === "cut") response.socket?.destroy();
    });
  };
}

export function status(code: number, headers: Record<string, string> = {}, body = "no"): Answer {
  return (_request, response) => {
    response.writeHead(code, { "content-type": "text/plain", ...headers });
    response.end(code === 204 ? undefined : body);
  };
}
