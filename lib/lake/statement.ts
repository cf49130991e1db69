import type { PendingBatch } from "./pending.ts";

/** How batches reach one table. Both are pure text of closed forms (sql-text.ts). */
export type StatementBuilder = {
  /** The one statement of an epoch; running it again changes nothing. */
  readonly write: (batches: readonly PendingBatch[]) => string;
  /** One row of two counts: rows staged for the table, and those of them that are in no target table. */
  readonly verify: (batches: readonly PendingBatch[]) => string;
};
