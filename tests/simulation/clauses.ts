import type { Clause } from "./clause.ts";
import { shimClauses } from "./shim-clauses.ts";
import { groupClauses, slotClauses } from "./slot-clauses.ts";
import { answerClauses, statementClauses } from "./statement-clauses.ts";

export const clauses: readonly Clause[] = [
  ...shimClauses,
  ...slotClauses,
  ...groupClauses,
  ...statementClauses,
  ...answerClauses,
];
