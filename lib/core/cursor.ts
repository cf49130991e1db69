import type { Positions } from "./source-position.ts";

/**
 * One thing that arrived and must be done with before the mark may pass it: an event, a canary, a repeat, a gap row.
 * Opaque to callers.
 */
export type CursorEntry = {
  isDone: boolean;
  /** Repeats of this event: they are done when it is. */
  repeats: CursorEntry[] | undefined;
  /** The lists that hold this entry. */
  readonly lists: readonly TopicList[];
};

/** Entries of one topic in order of arrival, with their positions beside them. Everything before `head` is done. */
type TopicList = { mark: number; entries: CursorEntry[]; positions: number[]; head: number };

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
    const list: TopicList = { mark: 0, entries: [], positions: [], head: 0 };
    lists.set(topic, list);
    return list;
  };
  for (const [topic, mark] of initial) listOf(topic).mark = mark;

  const arrive = (at: Positions): CursorEntry => {
    const held: TopicList[] = [];
    const entry: CursorEntry = { isDone: false, repeats: undefined, lists: held };
    for (const [topic, position] of at) {
      const list = listOf(topic);
      list.entries.push(entry);
      list.positions.push(position);
      held.push(list);
    }
    return entry;
  };
  return {
    arrive,
    settle,
    repeat: (first, at) => {
      const entry = arrive(at);
      if (first === undefined || first.isDone) settle(entry);
      else if (first.repeats === undefined) first.repeats = [entry];
      else first.repeats.push(entry);
      return entry;
    },
    marks: () => new Map([...lists].map(([topic, list]) => [topic, list.mark])),
    waiting: () => [...lists.values()].reduce((sum, list) => sum + list.entries.length - list.head, 0),
  };
}

function settle(entry: CursorEntry): void {
  if (entry.isDone) return;
  entry.isDone = true;
  for (const list of entry.lists) advance(list);
  const { repeats } = entry;
  entry.repeats = undefined;
  if (repeats !== undefined) for (const repeat of repeats) settle(repeat);
}

/** Moves the mark over the finished prefix. The newest position counts: after a rewind older ones arrive again. */
function advance(list: TopicList): void {
  while (list.entries[list.head]?.isDone === true) {
    list.mark = Math.max(list.mark, list.positions[list.head] ?? 0);
    list.head += 1;
  }
  if (list.head < compactAfter) return;
  list.entries = list.entries.slice(list.head);
  list.positions = list.positions.slice(list.head);
  list.head = 0;
}
