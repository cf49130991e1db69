import type { Positions } from "../lib/core/source-position.ts";

/** Topics that an event belongs to, with its position in each. 0: it blocks the topic without moving its mark. */
export type Attribution = {
  readonly at: Positions /** The one topic, when it is certain. */;
  readonly topic: string | undefined;
};

/**
 * Finds out which topic an event came from. Its own `meta.topic` says so; an event that cannot be read is attributed
 * by what changed in the id, and when that tells nothing (a sibling in the same millisecond, no id), to every topic:
 * then no mark passes it.
 */
export class TopicTracker {
  readonly #topics: readonly string[];
  #last: Positions = new Map();

  constructor(topics: readonly string[]) {
    this.#topics = topics;
  }

  /** Ids of one connection say nothing about those of the next. */
  reset(): void {
    this.#last = new Map();
  }

  attribute(at: Positions | undefined, metaTopic: string | undefined): Attribution {
    if (at === undefined || at.size === 0)
      return { at: new Map(this.#topics.map((topic) => [topic, 0])), topic: undefined };
    const last = this.#last;
    this.#last = at;
    const named = metaTopic === undefined ? undefined : at.get(metaTopic);
    if (metaTopic !== undefined && named !== undefined) return { at: new Map([[metaTopic, named]]), topic: metaTopic };
    const changed = new Map([...at].filter(([topic, position]) => last.get(topic) !== position));
    const chosen = changed.size > 0 ? changed : at;
    const [only] = chosen.keys();
    return { at: chosen, topic: chosen.size === 1 ? only : undefined };
  }
}
