import type { Positions } from "./source-position.ts";

/**
 * One thing that arrived and must be done with before the mark may pass it: an event, a canary, a repeat, a gap row.
 * Opaque to callers.
 */
export type CursorEntry = {
  isDone: boolean;
  /** Repeats of this event: they are done when it is. */
  readonly repeats: CursorEntry[];
  /** Topics whose lists hold this entry. */
  readonly topics: readonly string[];
};

type Queued = { readonly entry: CursorEntry; readonly at: number };
type TopicList = { mark: number; queue: Queued[]; head: number };

/** A list is cut when this many finished entries lead it: rarely enough to be free, often enough to stay small. */
const compactAfter = 4_096;

/**
 * The low-water mark: per source topic the newest position in the unbroken prefix, in order of arrival, of entries
 * that are done. What a record carries as its cursor, so it must never pass an entry that is not done: after a crash
 * everything behind the mark is not asked for again. A reconnect continues the same lists.
 */
export type Cursor = {
  /** Appends an entry to the list of each topic in `at`. Position 0 makes it block its topic without moving the mark. */
  arrive(at: Positions): CursorEntry;
  /** Appends a repeat of `first`: done at once when that is, otherwise together with it. */
  repeat(first: CursorEntry | undefined, at: Positions): CursorEntry;
  /** The entry is acknowledged (raw or dead letter), dropped as a canary, or its gap row is written. */
  settle(entry: CursorEntry): void;
  marks(): Positions;
  /** Entries in the lists that the marks have not passed. */
  waiting(): number;
};

/** Starts with `initial` as the marks: recovered ones, or the times asked for. A topic without an event keeps its own. */
export function createCursor(initial: Positions): Cursor {
  const lists = new Map<string, TopicList>();
  const listOf = (topic: string): TopicList => {
    const known = lists.get(topic);
    if (known !== undefined) return known;
    const list: TopicList = { mark: 0, queue: [], head: 0 };
    lists.set(topic, list);
    return list;
  };
  for (const [topic, mark] of initial) listOf(topic).mark = mark;

  const arrive = (at: Positions): CursorEntry => {
    const entry: CursorEntry = { isDone: false, repeats: [], topics: [...at.keys()] };
    for (const [topic, position] of at) listOf(topic).queue.push({ entry, at: position });
    return entry;
  };
  const settle = (entry: CursorEntry): void => {
    if (entry.isDone) return;
    entry.isDone = true;
    for (const topic of entry.topics) advance(listOf(topic));
    for (const repeat of entry.repeats.splice(0)) settle(repeat);
  };
  return {
    arrive,
    settle,
    repeat: (first, at) => {
      const entry = arrive(at);
      if (first === undefined || first.isDone) settle(entry);
      else first.repeats.push(entry);
      return entry;
    },
    marks: () => new Map([...lists].map(([topic, list]) => [topic, list.mark])),
    waiting: () => [...lists.values()].reduce((sum, list) => sum + list.queue.length - list.head, 0),
  };
}

/** Moves the mark over the finished prefix. The newest position counts: after a rewind older ones arrive again. */
function advance(list: TopicList): void {
  for (let next = list.queue[list.head]; next?.entry.isDone === true; next = list.queue[list.head]) {
    list.mark = Math.max(list.mark, next.at);
    list.head += 1;
  }
  if (list.head < compactAfter) return;
  list.queue = list.queue.slice(list.head);
  list.head = 0;
}
