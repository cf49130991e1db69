import { SseError } from "./errors.ts";

/** The only host of the live feed. Nothing that an event says is ever fetched. */
const feedHost = "stream.wikimedia.org";
const loopbackHosts: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/**
 * The address of an event stream, if it is one that we may ask: the feed itself over https, or a server on this
 * machine. Anything else is refused, so that a setting cannot make the container ask its own network.
 *
 * @throws SseError SOURCE_URL_REFUSED
 */
export function checkSourceUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new SseError("SOURCE_URL_REFUSED", "the source is no URL", { retriable: false });
  const isFeed = url.protocol === "https:" && url.hostname === feedHost && url.port === "";
  const isLocal = url.protocol === "http:" && loopbackHosts.has(url.hostname);
  if ((isFeed || isLocal) && url.username === "" && url.password === "") return url;
  const message = `the source must be https://${feedHost}/… or http on this machine, not ${url.protocol}//${url.host}`;
  throw new SseError("SOURCE_URL_REFUSED", message, { retriable: false });
}
