import type { Asked } from "./resume.ts";
import { rewindMs } from "./resume.ts";

/** A first event later than this after the time asked for means that the source did not start where we asked. */
export const gapToleranceMs = rewindMs;

export type SourceGap = { readonly topic: string; readonly fromMs: number; readonly toMs: number };

export type GapTest = {
  /** Gaps that the first event of a topic proves; nothing for every later event. */
  first(topic: string, positionMs: number): readonly SourceGap[];
};

/**
 * Watches the first event of each topic of one connection. The source starts at "latest", silently, for a time it
 * does not know. A topic asked for from its own mark gets the event of that mark again (it lies within the rewind),
 * so a later first event is a gap even for a topic that has one event an hour. Events are written out of order, so what is
 * missing may be a rewind older than the mark, and as much younger than the first that came: the gap is said that wide.
 * Topics asked for from a time that no event gave are judged together: one of them is the idle data centre and says
 * nothing for long. Which one that was before, nobody can tell: the gap is said of each of them.
 */
export function createGapTest(asked: Asked): GapTest {
  const open = new Set(asked.at.keys());
  return {
    first: (topic, positionMs) => {
      const askedMs = asked.at.get(topic);
      if (askedMs === undefined || !open.delete(topic)) return [];
      const others = asked.fresh.has(topic) ? [...asked.fresh].filter((other) => open.delete(other)) : [];
      if (positionMs <= askedMs + gapToleranceMs) return [];
      const toMs = positionMs + rewindMs;
      return [topic, ...others].map((one) => ({ topic: one, fromMs: asked.at.get(one) ?? askedMs, toMs }));
    },
  };
}
