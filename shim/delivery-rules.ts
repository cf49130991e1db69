import { createCursor } from "../lib/core/cursor.ts";
import { createGapTest } from "../lib/core/gap-test.ts";
import { askFrom } from "../lib/core/resume.ts";
import { createSeenRing } from "../lib/core/seen-ring.ts";

/**
 * Every clause of "stored at least once, or on the gap ledger" that is a function. Production never changes one: they are
 * a record so that a test can take a clause away and show what it is for.
 */
export type DeliveryRules = {
  readonly createCursor: typeof createCursor;
  readonly createSeenRing: typeof createSeenRing;
  readonly createGapTest: typeof createGapTest;
  readonly askFrom: typeof askFrom;
};

export const deliveryRules: DeliveryRules = { createCursor, createSeenRing, createGapTest, askFrom };
