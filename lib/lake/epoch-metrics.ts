import type { Logger } from "../platform/logger.ts";
import type { Metrics } from "../platform/metrics.ts";
import type { EpochReport } from "./commit-loop.ts";
import type { OnStaged } from "./pending.ts";

/** Counts of closed epochs, each counted by the invocation that closed it: summed over all they are exact. */
export function reportEpoch(log: Logger, metrics: Metrics): (report: EpochReport) => void {
  return ({ epoch, table, outcome, batches, rows, inserted, openMs }) => {
    log.info("epoch-closed", { epoch, table, outcome, batches, rows, inserted, openMs });
    const isCommitted = outcome === "committed";
    const present = isCommitted && inserted !== undefined ? Math.max(0, rows - inserted) : 0;
    metrics.put(
      [
        { name: "EpochsCommitted", value: isCommitted ? 1 : 0, unit: "Count" },
        { name: "EpochsFailed", value: isCommitted ? 0 : 1, unit: "Count" },
        { name: "RowsInserted", value: isCommitted ? (inserted ?? rows) : 0, unit: "Count" },
        { name: "RowsPresent", value: present, unit: "Count" },
        { name: "EpochDuration", value: openMs, unit: "Milliseconds" },
      ],
      { table },
    );
  };
}

/** Counts of what was made ready for an epoch. Summed over all invocations: staged = inserted + present + restaged. */
export function reportStaged(metrics: Metrics): { onStaged: OnStaged; onRestaged: OnStaged } {
  const count =
    (name: string): OnStaged =>
    (table, value) =>
      metrics.put([{ name, value, unit: "Count" }], { table });
  return { onStaged: count("RowsStaged"), onRestaged: count("RowsRestaged") };
}
