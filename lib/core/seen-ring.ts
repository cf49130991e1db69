/** How long an acknowledged id is remembered: longer than a rewind takes to be read again, five times over. */
export const keepAckedMs = 5 * 60_000;

/**
 * Most ids remembered, about 15 MB. 27,000 arrive in five minutes at the feed's peak; in a catch-up at 5,000/s the last
 * ten seconds cover twenty minutes of the source, more than any rewind. A repeat that slips through costs a duplicate
 * downstream, nothing else.
 */
export const maxAckedIds = 50_000;

/** An id that was seen: on its way until `ackedAtMs` is set. */
export type SeenId<First> = {
  /** What a repeat is tied to: it is done only when the first copy is. */
  readonly first: First;
  /** Monotonic milliseconds of the acknowledgement. */
  ackedAtMs: number | undefined;
};

/** Ids on their way to Kafka and ids acknowledged lately. Time is monotonic milliseconds, given by the caller. */
export type SeenRing<First> = {
  /** The first copy, when it is on its way or was acknowledged less than five minutes ago. */
  look(id: string, nowMs: number): SeenId<First> | undefined;
  start(id: string, first: First, nowMs: number): SeenId<First>;
  size(): number;
};

type Limits = { readonly keepMs?: number; readonly maxIds?: number };

/** Old ids are looked for each time so many new ones have come: often enough for the memory, seldom enough to be free. */
const forgetEvery = 256;

export function createSeenRing<First>({ keepMs = keepAckedMs, maxIds = maxAckedIds }: Limits = {}): SeenRing<First> {
  /** In order of arrival: a Map iterates in order of insertion. */
  const ids = new Map<string, SeenId<First>>();
  let started = 0;
  const isOld = ({ ackedAtMs }: SeenId<First>, nowMs: number): boolean =>
    ackedAtMs !== undefined && nowMs - ackedAtMs > keepMs;
  /** From the oldest on, up to one that must be kept: one on its way is never forgotten, however many come. */
  const forget = (nowMs: number): void => {
    for (const [id, seen] of ids) {
      const isSpare = seen.ackedAtMs !== undefined && ids.size > maxIds;
      if (!isSpare && !isOld(seen, nowMs)) return;
      ids.delete(id);
    }
  };
  return {
    look: (id, nowMs) => {
      const seen = ids.get(id);
      return seen === undefined || isOld(seen, nowMs) ? undefined : seen;
    },
    start: (id, first, nowMs) => {
      const seen: SeenId<First> = { first, ackedAtMs: undefined };
      // An id that comes back after five minutes goes to the end again.
      ids.delete(id);
      ids.set(id, seen);
      started += 1;
      if (started % forgetEvery === 0) forget(nowMs);
      return seen;
    },
    size: () => ids.size,
  };
}
