/** What became of one received event. Every event has exactly one. */
export type Outcome = "canaries" | "duplicates" | "acked" | "rejected";

export type MinuteCount = {
  readonly minuteMs: number;
  readonly topic: string;
  readonly received: number;
  readonly canaries: number;
  readonly duplicates: number;
  readonly acked: number;
  readonly rejected: number;
  readonly maxEventMs: number | undefined;
};

/** Where an event is counted: the minute it arrived in, whenever its outcome is known. */
export type MinuteTicket = { readonly minuteMs: number; readonly topic: string };

type Open = { -readonly [Field in keyof MinuteCount]: MinuteCount[Field] };

const minuteLengthMs = 60_000;

/** Counts per arrival minute and source topic. A count is given out once, complete: received = the sum of the outcomes. */
export type MinuteCounts = {
  receive(topic: string, nowMs: number): MinuteTicket;
  settle(ticket: MinuteTicket, outcome: Outcome, eventMs?: number): void;
  /** Removes and returns the counts of minutes before the current one whose every event has its outcome. */
  takeComplete(nowMs: number): readonly MinuteCount[];
  /** The same for every minute, the current one included: at the end, when nothing is outstanding. */
  takeSettled(): readonly MinuteCount[];
};

export function createMinuteCounts(): MinuteCounts {
  const open = new Map<string, Open>();
  const keyOf = ({ minuteMs, topic }: MinuteTicket): string => `${minuteMs} ${topic}`;
  const at = (ticket: MinuteTicket): Open => {
    const key = keyOf(ticket);
    const known = open.get(key);
    if (known !== undefined) return known;
    const counts = { received: 0, canaries: 0, duplicates: 0, acked: 0, rejected: 0, maxEventMs: undefined };
    const fresh: Open = { ...ticket, ...counts };
    open.set(key, fresh);
    return fresh;
  };
  const take = (isDue: (count: MinuteCount) => boolean): readonly MinuteCount[] => {
    const due = [...open.values()].filter((count) => isDue(count) && isSettled(count));
    for (const count of due) open.delete(keyOf(count));
    return due;
  };
  return {
    receive: (topic, nowMs) => {
      const ticket = { minuteMs: startOfMinute(nowMs), topic };
      at(ticket).received += 1;
      return ticket;
    },
    settle: (ticket, outcome, eventMs) => {
      const count = at(ticket);
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
