import type { Asked } from "./resume.ts";
import { rewindMs } from "./resume.ts";

/** A first event later than this after the time asked for means that the source did not start where we asked. */
export const gapToleranceMs = rewindMs;

export type SourceGap = { readonly topic: string; readonly fromMs: number; readonly toMs: number };

/**
 * Watches the first event of each topic of one connection. The source starts at "latest", silently, for a time it
 * does not know. A topic asked for from its own mark gets the event of that mark again (it lies within the rewind),
 * so a later first event is a gap even for a topic that has one event an hour. Events are written out of order, so what is
 * missing may be a rewind older than the mark, and as much younger than the first that came: the gap is said that wide. Topics asked for from a time that no
 * event gave are judged together: one of them is the idle data centre and says nothing for long.
 */
export function createGapTest(asked: Asked): { first(topic: string, positionMs: number): SourceGap | undefined } {
  const open = new Set(asked.at.keys());
  return {
    first: (topic, positionMs) => {
      const askedMs = asked.at.get(topic);
      if (askedMs === undefined || !open.delete(topic)) return undefined;
      if (asked.fresh.has(topic)) for (const other of asked.fresh) open.delete(other);
      if (positionMs <= askedMs + gapToleranceMs) return undefined;
      return { topic, fromMs: askedMs, toMs: positionMs + rewindMs };
    },
  };
}
