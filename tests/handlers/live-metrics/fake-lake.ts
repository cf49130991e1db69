import { randomUUID } from "node:crypto";
import type { StatementRequest } from "../../../lib/lake/query-engine.ts";
import type { RefreshDeps } from "../../../lib/lake/refresh-live.ts";
import { createLogger } from "../../../lib/platform/logger.ts";
import type { Metric } from "../../../lib/platform/metrics.ts";
import { databases, rules } from "../../lib/lake/live-fixtures.ts";
import { createMemoryStore } from "../../lib/lake/memory-store.ts";

type Answers = {
  /** What the hours around the clock got: newest ms and minutes. */
  around: readonly [newestMs: number, minutes: readonly number[]] | undefined;
  /** The newest partition that got rows anywhere, and what the probe there says. */
  partition: readonly [date: string, hour: string] | undefined;
  elsewhere: readonly [newestMs: number, minutes: readonly number[]] | undefined;
  /** Statements that match never end, or fail. */
  hangs: RegExp | undefined;
  fails: RegExp | undefined;
  /** Statements longer than this exceed the engine's memory. */
  longest: number;
};

/** What live-metrics needs, in memory. Time moves by sleeping only; statements end at once unless told otherwise. */
export function createFakeLake(startMs: number) {
  let nowMs = startMs;
  const { store } = createMemoryStore(() => nowMs);
  const requests: StatementRequest[] = [];
  const stopped: string[] = [];
  const metrics: Metric[] = [];
  const answers: Answers = {
    around: undefined,
    partition: undefined,
    elsewhere: undefined,
    hangs: undefined,
    fails: undefined,
    longest: Number.POSITIVE_INFINITY,
  };
  let probes = 0;
  const sqlOf = (queryId: string): string => requests[Number(queryId)]?.sql ?? "";
  const rowOf = (found: Answers["around"]): (string | undefined)[] =>
    found === undefined ? [undefined, undefined] : [String(found[0]), found[1].join(",")];
  const rowsOf = (sql: string): (string | undefined)[][] => {
    if (sql.includes("$partitions")) return answers.partition === undefined ? [] : [[...answers.partition]];
    if (!sql.startsWith("SELECT")) return [];
    probes += 1;
    return [rowOf(probes === 1 ? answers.around : answers.elsewhere)];
  };
  const deps: RefreshDeps & { metrics: { put(list: readonly Metric[]): void } } = {
    store,
    engine: {
      start: async (request) => ({ queryId: String(requests.push(request) - 1) }),
      status: async (queryId) => {
        const sql = sqlOf(queryId);
        if (answers.hangs?.test(sql))
          return { state: "RUNNING", completedAtMs: undefined, errorCode: undefined, failure: undefined };
        const isTooMuch = sql.length > answers.longest;
        const isFailed = isTooMuch || answers.fails?.test(sql) === true;
        return {
          state: isFailed ? "FAILED" : "SUCCEEDED",
          completedAtMs: nowMs,
          errorCode: isFailed ? "ICEBERG_COMMIT_ERROR" : undefined,
          failure: isTooMuch ? "data" : isFailed ? "environment" : undefined,
        };
      },
      result: async (queryId) => ({ updateCount: 2, rows: rowsOf(sqlOf(queryId)) }),
      stop: async (queryId) => void stopped.push(sqlOf(queryId)),
    },
    clock: {
      now: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms;
      },
    },
    rules,
    databases,
    workgroup: "write",
    newUuid: () => randomUUID(),
    log: createLogger({ write: () => undefined }),
    metrics: { put: (list) => void metrics.push(...list) },
  };
  return {
    deps,
    answers,
    requests,
    stopped,
    metrics,
    store,
    /** Forgets the statements so far; the next probe is the first again. */
    reset: (): void => {
      requests.length = 0;
      probes = 0;
    },
    advance: (ms: number): void => {
      nowMs += ms;
    },
    /** Names of the tables merged into, in order. */
    merged: (): string[] => requests.flatMap(({ sql }) => /^MERGE INTO "[a-z_]+"\."([a-z0-9_]+)"/.exec(sql)?.[1] ?? []),
  };
}
