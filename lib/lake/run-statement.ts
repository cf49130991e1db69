import type { WallClock } from "../platform/clock.ts";
import { LakeError } from "./errors.ts";
import { isFinal, type QueryEngine, type QueryResult, type StatementRequest } from "./query-engine.ts";

/** Between two looks at a statement that takes seconds. */
const pollMs = 500;

export type StatementDeps = { readonly engine: QueryEngine; readonly clock: WallClock };

/** An engine that does not answer says nothing about the statement, which may be at work: it is asked again. */
function unknownForNow(error: unknown): undefined {
  if (error instanceof LakeError && error.retriable) return;
  throw error;
}

/**
 * Runs one statement to its end. Throws LakeError: STATEMENT_FAILED with the engine's code (retriable unless the rows are
 * at fault), STATEMENT_TOO_LATE when the deadline came first: the statement is asked to stop then, which it may ignore.
 */
export async function runStatement(
  { engine, clock }: StatementDeps,
  request: StatementRequest,
  deadlineMs: number,
): Promise<QueryResult> {
  const { queryId } = await engine.start(request);
  for (;;) {
    const status = await engine.status(queryId).catch(unknownForNow);
    if (status?.state === "SUCCEEDED") return engine.result(queryId);
    if (status !== undefined && isFinal(status.state)) {
      const problem = `statement ${status.state} ${status.errorCode ?? ""}`.trim();
      throw new LakeError("STATEMENT_FAILED", problem, { retriable: status.failure !== "data" });
    }
    if (clock.now() >= deadlineMs) {
      await engine.stop(queryId).catch(unknownForNow);
      throw new LakeError("STATEMENT_TOO_LATE", "statement not over at the deadline", { retriable: true });
    }
    await clock.sleep(pollMs);
  }
}
