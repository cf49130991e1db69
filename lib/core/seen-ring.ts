/** How long an acknowledged id is remembered: longer than a rewind takes to be read again, five times over. */
export const keepAckedMs = 5 * 60_000;

/**
 * Most ids remembered, about 25 MB. 27,000 arrive in five minutes at the feed's peak; in a catch-up the oldest go
 * early, which costs repeats downstream and nothing else.
 */
export const maxAckedIds = 150_000;

export type Seen<First> =
  | { readonly kind: "new" }
  /** On its way: a repeat is done only when the first copy is. */
  | { readonly kind: "pending"; readonly first: First }
  | { readonly kind: "acked" };

/** Ids on their way to Kafka and ids acknowledged lately. Time is monotonic milliseconds, given by the caller. */
export type SeenRing<First> = {
  look(id: string, nowMs: number): Seen<First>;
  start(id: string, first: First): void;
  ack(id: string, nowMs: number): void;
  size(): number;
};

type Limits = { readonly keepMs?: number; readonly maxIds?: number };

export function createSeenRing<First>({ keepMs = keepAckedMs, maxIds = maxAckedIds }: Limits = {}): SeenRing<First> {
  const pending = new Map<string, First>();
  /** Id → time of the ack, oldest ack first: a Map iterates in order of insertion. */
  const acked = new Map<string, number>();
  const forget = (nowMs: number): void => {
    for (const [id, at] of acked) {
      if (acked.size <= maxIds && nowMs - at <= keepMs) return;
      acked.delete(id);
    }
  };
  return {
    look: (id, nowMs) => {
      const first = pending.get(id);
      if (first !== undefined) return { kind: "pending", first };
      const at = acked.get(id);
      return at !== undefined && nowMs - at <= keepMs ? { kind: "acked" } : { kind: "new" };
    },
    start: (id, first) => {
      pending.set(id, first);
    },
    ack: (id, nowMs) => {
      pending.delete(id);
      acked.delete(id);
      acked.set(id, nowMs);
      forget(nowMs);
    },
    size: () => pending.size + acked.size,
  };
}
