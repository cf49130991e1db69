import type { Positions } from "./source-position.ts";

/**
 * How far each topic is asked for again behind its mark. The source resumes at `timestamp + 1 ms`, so siblings in the
 * same millisecond and events written out of order would be lost; a minute covers both and costs 7 % at a reconnect
 * every 15 minutes.
 */
export const rewindMs = 60_000;

/** What one connection asks for. */
export type Asked = {
  /** Topic → time (ms) asked for. */
  readonly at: Positions;
  /** Topics asked for from a time that no event of theirs gave: a first start, or a refused cursor. */
  readonly fresh: ReadonlySet<string>;
};

/**
 * The times to ask for: each topic from its own mark, rewound, but not before its floor (the oldest time that the
 * source is known to take). A topic that has not moved past its floor is asked for from there, never from another's mark.
 */
export function askFrom(marks: Positions, floors: Positions, topics: readonly string[]): Asked {
  const at = new Map<string, number>();
  const fresh = new Set<string>();
  for (const topic of topics) {
    const mark = marks.get(topic) ?? 0;
    const floor = floors.get(topic) ?? 0;
    if (mark <= floor) fresh.add(topic);
    at.set(topic, Math.max(floor, mark - rewindMs, 0));
  }
  return { at, fresh };
}
