import { uuidOf } from "./random.ts";
import type { Wiki } from "./wikis.ts";

/** Which data centre wrote an event: its source topic. */
export type DataCentre = "eqiad" | "codfw";
export const topicOf = (centre: DataCentre): string => `${centre}.mediawiki.recentchange`;

/** One event as it lies on a source topic. `timestampMs` is the broker's, which ids and resumes are made of. */
export type SimEvent = {
  readonly topic: string;
  readonly timestampMs: number;
  /** Position within its millisecond and topic: siblings exist. */
  readonly sequence: number;
  readonly eventId: string | undefined;
  readonly data: string;
};

/** What an event says of itself before it has its envelope. Absent fields are left out, as on the wire. */
export type Change = {
  readonly wiki: Wiki;
  readonly type: string;
  readonly namespace: number;
  readonly title: string;
  readonly comment: string;
  readonly user: string | undefined;
  readonly bot: boolean;
  readonly fields: Readonly<Record<string, unknown>>;
};

type Envelope = {
  readonly key: string;
  readonly timestampMs: number;
  readonly sequence: number;
  readonly centre: DataCentre;
  /** Time between the event and the broker: 99 % below 1.3 s in a real capture. */
  readonly lagMs: number;
};

/** Offsets of the broker are far above 2^31 and only grow; nothing else is promised of them. */
const firstOffset = 6_000_000_000;

/** The event with envelope, keys in the order of the wire. `timestamp` is MediaWiki's, in seconds. */
export function toSimEvent(change: Change, envelope: Envelope): SimEvent {
  const { timestampMs, sequence, centre, lagMs, key } = envelope;
  const eventId = uuidOf("event", key);
  const page = encodeURIComponent(change.title.replaceAll(" ", "_"));
  const uri = `https://${change.wiki.domain}/wiki/${page}`;
  const happenedMs = timestampMs - lagMs;
  const meta = {
    uri,
    request_id: uuidOf("request", key),
    id: eventId,
    domain: change.wiki.domain,
    stream: "mediawiki.recentchange",
    dt: new Date(happenedMs).toISOString(),
    topic: topicOf(centre),
    partition: 0,
    offset: firstOffset + (timestampMs % 1_000_000_000_000) + sequence,
  };
  const data = JSON.stringify({
    $schema: "/mediawiki/recentchange/1.0.0",
    meta,
    ...change.fields,
    type: change.type,
    namespace: change.namespace,
    title: change.title,
    title_url: uri,
    comment: change.comment,
    timestamp: Math.floor(happenedMs / 1000),
    ...(change.user === undefined ? {} : { user: change.user }),
    bot: change.bot,
    server_url: `https://${change.wiki.domain}`,
    server_name: change.wiki.domain,
    server_script_path: "/w",
    wiki: change.wiki.wiki,
    parsedcomment: escapeHtml(change.comment),
  });
  return { topic: topicOf(centre), timestampMs, sequence, eventId, data };
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The heartbeat of an idle stream: only what the schema's first example holds. */
export function canaryEvent(timestampMs: number, centre: DataCentre): SimEvent {
  const topic = topicOf(centre);
  const meta = {
    stream: "mediawiki.recentchange",
    dt: new Date(timestampMs).toISOString(),
    domain: "canary",
    topic,
    partition: 0,
  };
  return {
    topic,
    timestampMs,
    sequence: 0,
    eventId: undefined,
    data: JSON.stringify({ $schema: "/mediawiki/recentchange/1.0.1", meta }),
  };
}
