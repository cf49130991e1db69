import { topicOf } from "./sim-event.ts";

/** From when each source topic is delivered, in broker milliseconds. */
export type ResumePosition = ReadonlyMap<string, number>;

export type ResumeRequest =
  | { readonly kind: "resumed"; readonly from: ResumePosition }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

export const sourceTopics = [topicOf("eqiad"), topicOf("codfw")] as const;

type ResumeInput = {
  readonly lastEventId: string | undefined;
  readonly since: string | undefined;
  readonly nowMs: number;
  readonly earliestMs: number;
};

/**
 * The server's rules (KafkaSSE and the EventStreams routes): Last-Event-ID wins over `since`; in an entry `offset` wins
 * over `timestamp` and -1 means "from now"; a time older than the retention starts at the earliest kept event, a time
 * that nothing is newer than starts at the latest, both without a word; no position at all is the latest.
 */
export function resumePosition({ lastEventId, since, nowMs, earliestMs }: ResumeInput): ResumeRequest {
  const clamp = (timestampMs: number): number => (timestampMs > nowMs ? nowMs : Math.max(timestampMs, earliestMs));
  if (lastEventId !== undefined) return fromLastEventId(lastEventId, nowMs, clamp);
  if (since === undefined) return resumed(() => nowMs);
  const sinceMs = /^\d+$/.test(since) ? Number(since) : Date.parse(since);
  if (Number.isNaN(sinceMs)) return { kind: "refused", status: 400, message: "Invalid timestamp: since" };
  return resumed(() => clamp(sinceMs));
}

const resumed = (timeOf: (topic: string) => number): ResumeRequest => ({
  kind: "resumed",
  from: new Map(sourceTopics.map((topic) => [topic, timeOf(topic)])),
});

function fromLastEventId(text: string, nowMs: number, clamp: (ms: number) => number): ResumeRequest {
  const entries = parseEntries(text);
  if (!entries) return { kind: "refused", status: 400, message: "Last-Event-ID is not a JSON array" };
  const unknown = entries.find(({ topic }) => !sourceTopics.some((known) => known === topic));
  if (unknown) return { kind: "refused", status: 404, message: "Topic not available" };
  return resumed((topic) => {
    const entry = entries.find((candidate) => candidate.topic === topic);
    if (!entry || entry.offset !== undefined || entry.timestamp === undefined) return nowMs;
    return clamp(entry.timestamp);
  });
}

type Entry = { readonly topic: string; readonly offset: number | undefined; readonly timestamp: number | undefined };

function parseEntries(text: string): readonly Entry[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return undefined;
    return parsed.map((entry: Record<string, unknown>) => ({
      topic: String(entry["topic"]),
      offset: typeof entry["offset"] === "number" ? entry["offset"] : undefined,
      timestamp: typeof entry["timestamp"] === "number" ? entry["timestamp"] : undefined,
    }));
  } catch {
    return undefined;
  }
}

/** The `id:` line after an event: per topic the last timestamp + 1 ms, or offset -1 while none was seen. */
export function encodeEventId(seenMs: ReadonlyMap<string, number>): string {
  return JSON.stringify(
    sourceTopics.map((topic) => {
      const timestamp = seenMs.get(topic);
      return timestamp === undefined
        ? { topic, partition: 0, offset: -1 }
        : { topic, partition: 0, timestamp: timestamp + 1 };
    }),
  );
}
