import { setTimeout as delay } from "node:timers/promises";
import { WikilakeError } from "../../lib/platform/errors.ts";
import type { CycleOutcome, Lake, SourceSummary } from "../../local/run/lake.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProgressLine } from "../progress-line.ts";
import { createQueryRunner, type QueryRunner } from "../query/run-query.ts";
import { resolveTarget } from "../target.ts";
import { countLake, describeReconciliation, type Reconciliation, reconcile } from "./reconcile.ts";
import { describeResults } from "./result-tables.ts";

export type OnceOptions = {
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
};

const pollMs = 500;
/** A minute of the ops ledger plus a commit; nothing of the path takes longer once the source has ended. */
const drainLimitMs = 30 * 60_000;

/**
 * Ingests to the end, runs one silver/gold cycle, prints the reconciliation and the result tables. 0 only if every event
 * is accounted for and the cycle published (or had nothing new).
 */
export async function runOnce(lake: Lake, options: OnceOptions): Promise<number> {
  const query = createQueryRunner(resolveTarget({ state: lake.stateDir }));
  const before = await countLake(query);
  const { progress } = options;
  const source = await readToEnd(lake, options);
  if (source.alreadyDelivered === source.read && source.read > 0)
    progress.say(`already delivered: all ${source.read} events of this file are in the lake`);
  else
    progress.say(
      `source ended: ${source.read} read, ${source.accepted} accepted, ${source.rejected} rejected, ${source.dropped} dropped`,
    );
  await drained(lake, ["raw-events", "dlq-events"], options);
  progress.say("bronze has everything; running silver and gold with their gates");
  const cycle = await lake.runCycle();
  await lake.loadOps();
  await drained(lake, ["ops-events"], options);
  progress.say(`cycle ${cycle.state}${cycle.details === "" ? "" : `: ${cycle.details}`}`);
  const result = reconcile(source, before, await countLake(query));
  await print(query, result, cycle, options);
  return result.isComplete && isPublished(cycle) ? exitCodes.ok : exitCodes.failed;
}

/** A cycle that found nothing new ends as SUCCESS too: the job's exit code 0 means either. */
const isPublished = ({ state }: CycleOutcome): boolean => state === "SUCCESS";

async function readToEnd(lake: Lake, { signal, progress }: OnceOptions): Promise<SourceSummary> {
  for (;;) {
    signal.throwIfAborted();
    const summary = await Promise.race([lake.sourceFinished, delay(pollMs, undefined)]);
    if (summary) return summary;
    progress.show(`reading; not yet in bronze: ${await waiting(lake, ["raw-events"])}`);
  }
}

async function waiting(lake: Lake, topics: readonly string[]): Promise<number> {
  const lag = await lake.lag();
  return topics.reduce((sum, topic) => sum + (lag[topic] ?? 0), 0);
}

/** The ledgers' topic has a window of a minute: it is waited for after the cycle, which needs none of its rows. */
async function drained(lake: Lake, topics: readonly string[], { signal, progress }: OnceOptions): Promise<void> {
  const untilMs = Date.now() + drainLimitMs;
  for (let left = await waiting(lake, topics); left > 0; left = await waiting(lake, topics)) {
    if (Date.now() > untilMs)
      throw new WikilakeError("DRAIN_TIMEOUT", `${left} records did not reach bronze; see the logs folder`, {
        retriable: true,
      });
    progress.show(`${left} records of ${topics.join(", ")} on their way into their tables`);
    await delay(pollMs, undefined, { signal });
  }
}

async function print(
  query: QueryRunner,
  result: Reconciliation,
  cycle: CycleOutcome,
  { json }: OnceOptions,
): Promise<void> {
  if (json) return console.log(JSON.stringify({ ...result, cycle }, null, 2));
  console.log(`\n${await describeResults(query)}\n\n${describeReconciliation(result)}`);
}
