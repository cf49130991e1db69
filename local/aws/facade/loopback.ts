import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** SDKs keep connections for seconds; a server that closes first makes a call fail with ECONNRESET. */
const keepAliveMs = 70_000;

/** Starts a server on 127.0.0.1 (port 0: a free one). `close` also ends idle connections. */
export async function listenOnLoopback(server: Server, port = 0): Promise<{ port: number; close(): Promise<void> }> {
  server.keepAliveTimeout = keepAliveMs;
  server.headersTimeout = keepAliveMs + 5000;
  const listening = once(server, "listening");
  server.listen(port, "127.0.0.1");
  await listening;
  // A TCP server that listens has an AddressInfo.
  const address = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { port: address.port, close };
}
