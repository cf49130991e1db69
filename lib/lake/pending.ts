import type { BatchFacts } from "./batch-facts.ts";
import { parseFacts } from "./batch-facts.ts";
import { encodeJson, type ObjectStore } from "./object-store.ts";

/** A batch that waits to be committed to one table. */
export type PendingBatch = {
  /** `<batch id>.<table>`: depends on the batch alone, so that a redelivery meets its own marker. */
  readonly marker: string;
  readonly table: string;
  readonly sinceMs: number;
  readonly facts: BatchFacts;
};

export const markerName = (facts: BatchFacts, table: string): string => `${facts.id}.${table}`;
export const markerKey = (prefix: string, marker: string): string => `${prefix}${marker}`;
export const tableOfMarker = (marker: string): string => marker.slice(marker.indexOf(".") + 1);

/** Told of each marker that was not there before, with the rows that it stands for. */
export type OnStaged = (table: string, rows: number) => void;

/** Puts a marker for each table that the batch has rows for. A marker that is there already is as good as ours. */
export async function putMarkers(
  store: ObjectStore,
  prefix: string,
  facts: BatchFacts,
  onStaged?: OnStaged,
): Promise<string[]> {
  const markers = Object.entries(facts.tables)
    .filter(([, { rows }]) => rows > 0)
    .map(([table]) => markerName(facts, table));
  for (const marker of markers) {
    const put = await store.putIfAbsent(markerKey(prefix, marker), encodeJson(facts));
    const table = tableOfMarker(marker);
    if (put.kind === "written") onStaged?.(table, facts.tables[table]?.rows ?? 0);
  }
  return markers;
}

/** Markers read at once: a backlog of hundreds is read in a second, and no more than the SDK's sockets are used. */
const parallelReads = 16;

/** A marker as the listing has it. */
export type ListedMarker = { readonly marker: string; readonly sinceMs: number };

/** Remembers marker bodies, which never change: each is read once per invocation. */
export type PendingReader = {
  list(): Promise<readonly ListedMarker[]>;
  /** Those that are still there and can be read. */
  read(listed: readonly ListedMarker[]): Promise<readonly PendingBatch[]>;
};

export function createPendingReader(
  store: ObjectStore,
  prefix: string,
  onUnreadable: (key: string) => void,
): PendingReader {
  const readFacts = async (key: string): Promise<BatchFacts | undefined> => {
    const stored = await store.get(key);
    if (stored === undefined) return undefined; // gone since the listing: committed
    try {
      return parseFacts(key, stored.body);
    } catch {
      // Of another version. It waits for the code that knows it; it must not stop the others.
      onUnreadable(key);
      return undefined;
    }
  };
  let known = new Map<string, BatchFacts>();
  return {
    list: async () => {
      const listed = await store.list(prefix);
      return listed.map(({ key, lastModifiedMs }) => ({ marker: key.slice(prefix.length), sinceMs: lastModifiedMs }));
    },
    read: async (listed) => {
      const seen = new Map<string, BatchFacts>();
      const batches: PendingBatch[] = [];
      for (let from = 0; from < listed.length; from += parallelReads) {
        const page = listed.slice(from, from + parallelReads).map(async ({ marker, sinceMs }) => {
          const facts = known.get(marker) ?? (await readFacts(markerKey(prefix, marker)));
          if (facts === undefined) return;
          seen.set(marker, facts);
          batches.push({ marker, table: tableOfMarker(marker), sinceMs, facts });
        });
        await Promise.all(page);
      }
      known = seen;
      return batches;
    },
  };
}
