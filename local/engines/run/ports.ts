import { createServer } from "node:net";
import { WikilakeError } from "../../../lib/platform/errors.ts";

/**
 * Below the range from which Linux (32768) and macOS (49152) take the ports of outgoing connections: a port found free
 * here is not lost to one while an engine is starting or restarting.
 */
const firstPort = 20_000;
const portCount = 12_000;
/** Far more tries than a machine has servers in that range. */
const maxTries = 500;

export type PortDeps = { readonly isFree: (port: number) => Promise<boolean>; readonly random: () => number };

/** `count` different free ports of 127.0.0.1, chosen at random so that two starts at once seldom meet. */
export async function choosePorts(count: number, deps: PortDeps = realPortDeps): Promise<readonly number[]> {
  const chosen = new Set<number>();
  for (let tries = 0; chosen.size < count; tries += 1) {
    if (tries === maxTries) throw new WikilakeError("NO_FREE_PORT", "No free port on 127.0.0.1.", { retriable: true });
    const port = firstPort + Math.floor(deps.random() * portCount);
    if (!chosen.has(port) && (await deps.isFree(port))) chosen.add(port);
  }
  return [...chosen];
}

/** True when a server could listen there, on loopback and on all interfaces. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, undefined));
}

const realPortDeps: PortDeps = { isFree: isPortFree, random: Math.random };

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
