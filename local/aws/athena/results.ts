import type { ObjectStore } from "./object-store.ts";
import type { QueryRecord } from "./query-record.ts";
import { fromCsv, fromLines, type TextRow } from "./result-file.ts";

export type Results = {
  remember(id: string, rows: readonly TextRow[]): void;
  /** The rows of a query that succeeded, header left out. */
  rows(query: QueryRecord): Promise<readonly TextRow[]>;
};

/** Rows kept at hand; older results are read back from S3, as Athena does. */
const rememberedRows = 200_000;

/** Results of finished queries: the last ones from memory, all others from their files. */
export function createResults(objects: ObjectStore): Results {
  const recent = new Map<string, readonly TextRow[]>();
  let held = 0;
  const remember = (id: string, rows: readonly TextRow[]): void => {
    recent.set(id, rows);
    held += rows.length;
    for (const [oldest, its] of recent) {
      if (held <= rememberedRows && recent.size <= 1000) break;
      recent.delete(oldest);
      held -= its.length;
    }
  };
  return {
    remember,
    rows: async ({ id, outputLocation, finished }) => {
      const known = recent.get(id);
      if (known !== undefined || finished === undefined || finished.shape === "none") return known ?? [];
      const text = await objects.get(outputLocation);
      return finished.shape === "csv" ? fromCsv(text) : fromLines(text);
    },
  };
}
