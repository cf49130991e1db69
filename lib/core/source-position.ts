import { z } from "zod";

/**
 * Positions in the source: topic → the timestamp (ms) that the source's event id gives for it. The id carries the
 * broker's timestamp of the newest delivered event of each topic, plus 1 ms. Not `meta.dt`. For a file: name → line.
 */
export type Positions = ReadonlyMap<string, number>;

/** The stream has two topics; a source that names many more is not ours and must not fill the memory. */
const maxTopics = 16;

/** Longest topic name that Kafka allows. */
const maxTopicChars = 249;

/**
 * Reads an SSE id. A topic whose entry is an offset (`-1` until its first event) has no position and is left out.
 * Returns undefined when the text is no such list. Checked by hand: this runs for each event.
 */
export function parseEventId(text: string): Positions | undefined {
  const entries = parseJson(text);
  if (!Array.isArray(entries) || entries.length > maxTopics) return undefined;
  const positions = new Map<string, number>();
  // Array.isArray gives any[]: the elements are as unknown as the text.
  for (const entry of entries as readonly unknown[]) {
    if (typeof entry !== "object" || entry === null) return undefined;
    // An object with any keys: each value is checked below.
    const { topic, partition = 0, timestamp } = entry as { topic?: unknown; partition?: unknown; timestamp?: unknown };
    if (typeof topic !== "string" || topic === "" || topic.length > maxTopicChars) return undefined;
    if (!isPosition(partition)) return undefined;
    if (timestamp === undefined) continue;
    if (!isPosition(timestamp)) return undefined;
    positions.set(nameOf(topic, partition), timestamp);
  }
  return positions;
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Last-Event-ID` that asks for each topic from its own time: always timestamps, for `offset: -1` would mean "from now". */
export function formatLastEventId(asked: Positions): string {
  return JSON.stringify(
    [...asked].map(([name, timestamp]) => {
      const [topic = name, partition = "0"] = name.split("#");
      return { topic, partition: Number(partition), timestamp };
    }),
  );
}

/** The stream has one partition per topic; should it ever have more, each has a position of its own. */
function nameOf(topic: string, partition: number): string {
  return partition === 0 ? topic : `${topic}#${partition}`;
}

/** Each topic with the newest of its positions. */
export function newestOf(all: Iterable<Positions>): Map<string, number> {
  const newest = new Map<string, number>();
  for (const positions of all) {
    for (const [topic, at] of positions) newest.set(topic, Math.max(at, newest.get(topic) ?? 0));
  }
  return newest;
}

/** The text of the `cursor` header and of `shim/cursor.json`: a JSON object, topic → position. */
export function encodePositions(positions: Positions): string {
  return JSON.stringify(Object.fromEntries(positions));
}

const positionsSchema = z.record(z.string().min(1).max(300), z.int().nonnegative());

/** Reads what encodePositions wrote; undefined for anything else. */
export function decodePositions(text: string): Positions | undefined {
  const parsed = positionsSchema.safeParse(parseJson(text));
  return parsed.success ? new Map(Object.entries(parsed.data)) : undefined;
}
