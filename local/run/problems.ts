import type { Logger } from "../../lib/platform/logger.ts";

/** What went wrong of late and did not end the run. */
export type Problems = { add(problem: string): void; recent(): readonly string[] };

/** A problem is shown for this long after it was last seen. */
const problemMs = 10 * 60_000;

/** Notes problems in the log and keeps them for the status. */
export function createProblems(logger: Logger): Problems {
  const seen = new Map<string, number>();
  return {
    add: (problem) => {
      logger.warn("problem", { problem });
      seen.set(problem, Date.now());
    },
    recent: () => [...seen].filter(([, atMs]) => atMs > Date.now() - problemMs).map(([problem]) => problem),
  };
}
