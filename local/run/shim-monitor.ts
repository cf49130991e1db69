import type { SourceSummary } from "./lake.ts";

/** What the shim's log lines say of it: counters from its metrics, and the end of its source. */
export type ShimMonitor = {
  onLine(line: string): void;
  readonly finished: Promise<SourceSummary>;
  acked(): number;
  eventsPerSecond(): number;
};

/** Rate is taken over this long: shorter jumps, longer hides a stop. */
const windowMs = 30_000;

/** Reads the shim's log. `RecordsAcked` is a count since the last line of its kind. */
export function createShimMonitor(now: () => number = Date.now): ShimMonitor {
  const { promise, resolve } = Promise.withResolvers<SourceSummary>();
  const recent: { atMs: number; count: number }[] = [];
  let total = 0;
  const trim = (): void => {
    while (recent[0] !== undefined && recent[0].atMs < now() - windowMs) recent.shift();
  };
  return {
    finished: promise,
    acked: () => total,
    eventsPerSecond: () => {
      trim();
      return recent.reduce((sum, { count }) => sum + count, 0) / (windowMs / 1000);
    },
    onLine: (line) => {
      if (!line.startsWith("{")) return;
      const parsed = parse(line);
      if (typeof parsed["RecordsAcked"] === "number") {
        recent.push({ atMs: now(), count: parsed["RecordsAcked"] });
        total += parsed["RecordsAcked"];
        trim();
      }
      if (parsed["code"] === "source-finished") resolve(summaryOf(parsed));
    },
  };
}

function parse(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch {
    return {}; // a line of some library
  }
}

function summaryOf(line: Record<string, unknown>): SourceSummary {
  const count = (name: string): number => Number(line[name] ?? 0);
  return {
    read: count("read"),
    accepted: count("accepted"),
    rejected: count("rejected"),
    dropped: count("dropped"),
    duplicates: count("duplicates"),
    alreadyDelivered: count("alreadyDelivered"),
  };
}
