import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { WikilakeError } from "../../lib/platform/errors.ts";

/** Where events come from. `sim` has no address yet: the runtime starts the simulator and fills it in. */
export type Source =
  | { readonly kind: "live"; readonly url: string; readonly sourceKind: "live" }
  | { readonly kind: "sim"; readonly sourceKind: "live" }
  | { readonly kind: "url"; readonly url: string; readonly sourceKind: "live" }
  | { readonly kind: "file"; readonly url: string; readonly sourceKind: "replay" };

export const liveUrl = "https://stream.wikimedia.org/v2/stream/recentchange";

/** Long enough for a TLS handshake over a slow line, short enough not to hold up a start without network. */
const probeMs = 5000;

type Ports = {
  /** True when the live feed answers. */
  readonly isReachable: (url: string) => Promise<boolean>;
  readonly isFile: (file: string) => boolean;
};

const realPorts: Ports = {
  isReachable: async (url) => {
    try {
      const headers = { "user-agent": "wikilake/0.1 (https://github.com/wikilake/wikilake) node" };
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(probeMs) });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  },
  isFile: (file) => existsSync(file) && statSync(file).isFile(),
};

export type ChosenSource = { readonly source: Source; readonly notice?: string };

const refused = (message: string): WikilakeError => new WikilakeError("SOURCE_REFUSED", message, { retriable: false });

/**
 * Reads `--source`: `auto` (live if it answers, else the simulator, said aloud), `live`, `sim`, an http address, or a
 * file of newline-delimited JSON, gzipped or not. Throws SOURCE_REFUSED with what would be accepted.
 */
export async function chooseSource(text: string, ports: Ports = realPorts): Promise<ChosenSource> {
  if (text === "sim") return { source: { kind: "sim", sourceKind: "live" } };
  if (text === "auto") return chooseAutomatically(ports);
  if (text === "live") return chooseLive(ports);
  if (/^https?:\/\//.test(text)) return { source: { kind: "url", url: checkedUrl(text), sourceKind: "live" } };
  return { source: chooseFile(text, ports) };
}

async function chooseAutomatically(ports: Ports): Promise<ChosenSource> {
  if (await ports.isReachable(liveUrl)) return { source: { kind: "live", url: liveUrl, sourceKind: "live" } };
  return {
    source: { kind: "sim", sourceKind: "live" },
    notice:
      "THE LIVE FEED DOES NOT ANSWER: events come from the built-in simulator. Nothing in this lake happened on a real wiki.",
  };
}

async function chooseLive(ports: Ports): Promise<ChosenSource> {
  if (await ports.isReachable(liveUrl)) return { source: { kind: "live", url: liveUrl, sourceKind: "live" } };
  throw refused(`the live feed does not answer (${liveUrl}). Check the network, or use --source sim.`);
}

/** Only Wikimedia's host by https, or this machine: an address from somewhere else must not make us call others. */
function checkedUrl(text: string): string {
  const url = new URL(text);
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (isLoopback || (url.protocol === "https:" && url.hostname === "stream.wikimedia.org")) return url.href;
  throw refused(`--source ${url.origin}: only https://stream.wikimedia.org and addresses of this machine are read`);
}

function chooseFile(text: string, ports: Ports): Source {
  const file = path.resolve(text);
  if (!/\.(ndjson|jsonl|json)(\.gz)?$/.test(file)) {
    throw refused(`--source ${text}: say auto, live, sim, an http address, or a .ndjson or .ndjson.gz file`);
  }
  if (!ports.isFile(file)) throw refused(`--source ${text}: there is no such file`);
  return { kind: "file", url: pathToFileURL(file).href, sourceKind: "replay" };
}
