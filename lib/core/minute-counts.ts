/** What became of one received event. Every event has exactly one. */
export type Outcome = "canaries" | "duplicates" | "acked" | "rejected";

/** Counts of one arrival minute and topic. Also the ticket of each of its events: there its outcome is counted, whenever known. */
export type MinuteCount = {
  readonly minuteMs: number;
  readonly topic: string;
  received: number;
  canaries: number;
  duplicates: number;
  acked: number;
  rejected: number;
  maxEventMs: number | undefined;
};

const minuteLengthMs = 60_000;

/** Counts per arrival minute and source topic. A count is given out once, complete: received = the sum of the outcomes. */
export type MinuteCounts = {
  receive(topic: string, nowMs: number): MinuteCount;
  settle(ticket: MinuteCount, outcome: Outcome, eventMs?: number): void;
  /** Removes and returns the counts of minutes before the current one whose every event has its outcome. */
  takeComplete(nowMs: number): readonly MinuteCount[];
  /** The same for every minute, the current one included: at the end, when nothing is outstanding. */
  takeSettled(): readonly MinuteCount[];
};

export function createMinuteCounts(): MinuteCounts {
  const open = new Set<MinuteCount>();
  const at = (minuteMs: number, topic: string): MinuteCount => {
    for (const count of open) if (count.minuteMs === minuteMs && count.topic === topic) return count;
    const zero = { received: 0, canaries: 0, duplicates: 0, acked: 0, rejected: 0, maxEventMs: undefined };
    const fresh: MinuteCount = { minuteMs, topic, ...zero };
    open.add(fresh);
    return fresh;
  };
  const take = (isDue: (count: MinuteCount) => boolean): readonly MinuteCount[] => {
    const due = [...open].filter((count) => isDue(count) && isSettled(count));
    for (const count of due) open.delete(count);
    return due;
  };
  let latest: MinuteCount | undefined;
  return {
    receive: (topic, nowMs) => {
      const minuteMs = startOfMinute(nowMs);
      const isLatest = latest?.minuteMs === minuteMs && latest.topic === topic && open.has(latest);
      const count = isLatest && latest !== undefined ? latest : at(minuteMs, topic);
      latest = count;
      count.received += 1;
      return count;
    },
    settle: (count, outcome, eventMs) => {
      count[outcome] += 1;
      if (eventMs !== undefined) count.maxEventMs = Math.max(count.maxEventMs ?? eventMs, eventMs);
    },
    takeComplete: (nowMs) => take(({ minuteMs }) => minuteMs < startOfMinute(nowMs)),
    takeSettled: () => take(() => true),
  };
}

function startOfMinute(ms: number): number {
  return Math.floor(ms / minuteLengthMs) * minuteLengthMs;
}

function isSettled({ received, canaries, duplicates, acked, rejected }: MinuteCount): boolean {
  return received === canaries + duplicates + acked + rejected;
}
