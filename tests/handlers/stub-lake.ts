import type { EpochReport } from "../../lib/lake/commit-loop.ts";
import { commitPolicy } from "../../lib/lake/commit-policy.ts";
import type { QueryEngine, StatementRequest } from "../../lib/lake/query-engine.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import type { Metric, Metrics } from "../../lib/platform/metrics.ts";
import { createMemoryStore } from "../lib/lake/memory-store.ts";

/** What a handler needs, in memory: every statement succeeds at once, or fails as told. Time stands still but for sleeps. */
export function createStubLake(fails: (request: StatementRequest) => boolean | "data" = () => false) {
  let nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);
  const bucket = createMemoryStore(() => nowMs);
  const { store } = bucket;
  const statements: StatementRequest[] = [];
  const endedAtMs: number[] = [];
  const engine: QueryEngine = {
    start: async (request) => {
      const known = statements.findIndex(({ token }) => token === request.token);
      if (known >= 0) return { queryId: String(known) };
      statements.push(request);
      endedAtMs.push(nowMs);
      return { queryId: String(statements.length - 1) };
    },
    status: async (queryId) => {
      const request = statements[Number(queryId)];
      const fault = request !== undefined && fails(request);
      const isFailed = fault !== false;
      const failure = fault === "data" ? fault : isFailed ? ("environment" as const) : undefined;
      return {
        state: isFailed ? "FAILED" : "SUCCEEDED",
        completedAtMs: endedAtMs[Number(queryId)],
        errorCode: undefined,
        failure,
      };
    },
    result: async (queryId) => ({
      updateCount: undefined,
      // Counts that always agree: staged is not known here, so that the check is switched off below.
      rows: [[queryId, "0"]],
    }),
    stop: async () => undefined,
  };
  const put: Metric[] = [];
  const metrics: Metrics = { put: (list) => void put.push(...list) };
  const lines: string[] = [];
  const epochs: EpochReport[] = [];
  const sum = (name: string): number =>
    put.filter((metric) => metric.name === name).reduce((total, { value }) => total + value, 0);
  return {
    bucket,
    statements,
    lines,
    epochs,
    sum,
    deps: {
      store,
      engine,
      clock: {
        now: () => nowMs,
        // No timer is shorter than a millisecond.
        sleep: async (ms: number) => {
          nowMs += Math.max(1, Math.ceil(ms));
        },
      },
      random: () => 0.5,
      newUuid: () => "uuid",
      log: createLogger({ write: (line) => lines.push(line) }),
      metrics,
      onEpoch: (report: EpochReport) => void epochs.push(report),
      policy: { ...commitPolicy, reconcile: false },
    },
    deadline: (ms = 60_000): number => nowMs + ms,
    keys: (prefix: string): string[] => [...bucket.objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
}

/** An event of the mapping with these values, of partition 0 from offset 0 on. */
export function mskEvent(topic: string, values: readonly string[], from = 0) {
  const records = values.map((value, index) => ({
    topic,
    partition: 0,
    offset: from + index,
    timestamp: Date.UTC(2026, 10, 21, 12, 0, 0),
    timestampType: "LOG_APPEND_TIME",
    value: Buffer.from(value).toString("base64"),
    headers: [{ source_kind: [...Buffer.from("replay")] }],
  }));
  return { eventSource: "aws:kafka", records: { [`${topic}-0`]: records } };
}
