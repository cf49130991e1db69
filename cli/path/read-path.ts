import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { accountForPath, type PathAccount, type PathCounts } from "../../lib/core/path-account.ts";
import { metricNamespace } from "../../lib/platform/metrics.ts";
import type { QueryRunner } from "../query/run-query.ts";
import type { Target } from "../target.ts";
import { ledgerSql, storedSql, tablesSql } from "./path-sql.ts";

export type PathReport = { readonly sinceMs: number; readonly counts: PathCounts; readonly account: PathAccount };

type PathSources = {
  readonly target: Target;
  readonly query: QueryRunner;
  /** Records not committed yet by topic; undefined where only CloudWatch knows. */
  readonly lag: Readonly<Record<string, number>> | undefined;
  readonly nowMs: number;
};

/** A day: what a person asks about, and as long as the local metrics are kept. */
const windowMs = 24 * 3_600_000;
const minuteMs = 60_000;

/** Counts of the path over the last day, each from the place that knows it, and whether they agree. Throws QUERY_FAILED. */
export async function readPath({ target, query, lag, nowMs }: PathSources): Promise<PathReport> {
  const sinceMs = Math.floor((nowMs - windowMs) / minuteMs) * minuteMs;
  const cloudwatch = new CloudWatchClient({ region: target.region });
  const numbers = async (sql: string): Promise<number[]> => ((await query(sql)).rows[0] ?? []).map(Number);
  const [tables, ledger, stored, told, waiting] = await Promise.all([
    numbers(tablesSql(sinceMs)),
    numbers(ledgerSql(sinceMs)),
    numbers(storedSql(sinceMs)),
    readWriterMetrics(cloudwatch, target.stage, sinceMs, nowMs),
    lag ?? readLag(cloudwatch, target.stage, nowMs),
  ]);
  const counts = toCounts({ tables, ledger, stored, told, waiting });
  return { sinceMs, counts, account: accountForPath(counts) };
}

type Readings = {
  readonly tables: readonly number[];
  readonly ledger: readonly number[];
  readonly stored: readonly number[];
  readonly told: Readonly<Record<string, number>>;
  readonly waiting: Readonly<Record<string, number>>;
};

/** Puts the readings together. What waits may be what is missing: then it is not missing yet. */
export function toCounts({ tables, ledger, stored, told, waiting }: Readings): PathCounts {
  const [events = 0, refused = 0, deadLetters = 0, repeated = 0, holes = 0, rawSpan = 0, dlqSpan = 0] = tables;
  const [received = 0, canaries = 0, duplicates = 0, acked = 0, rejected = 0] = ledger;
  const [ledgerEvents = 0, ledgerRefused = 0, ledgerDead = 0] = ledger.slice(5);
  const raw = waiting["raw-events"] ?? 0;
  const dlq = waiting["dlq-events"] ?? 0;
  const [staged = 0, inserted = 0, present = 0, restaged = 0] = writerMetrics.map((name) => told[name]);
  const unsettled = Math.max(0, staged - inserted - present - restaged);
  const [atLeast = 0, atMost = 0] = stored;
  return {
    shim: {
      received,
      canaries,
      duplicates,
      acked,
      rejected,
      // A minute is on the ledger only when each of its events has its outcome.
      inFlight: 0,
      sent: {
        raw: grown(ledgerEvents + ledgerRefused, raw, acked),
        dlq: grown(ledgerDead, dlq, rejected),
      },
    },
    topics: { raw: rawSpan + raw, dlq: dlqSpan + dlq },
    waiting: { raw, dlq },
    writers: {
      staged,
      inserted,
      present,
      restaged,
      pending: Math.min(unsettled, raw + dlq),
      stored: Math.min(Math.max(inserted, atLeast), atMost),
    },
    tables: { events, refused, deadLetters, repeated, holes },
  };
}

/** Rows there, and as many of those on their way as are asked for. */
const grown = (rows: number, onTheirWay: number, wanted: number): number =>
  Math.max(rows, Math.min(wanted, rows + onTheirWay));

const writerMetrics = ["RowsStaged", "RowsInserted", "RowsPresent", "RowsRestaged"] as const;
const writers = ["bronze-writer", "dead-letter-writer"];
const tableNames = ["raw_events", "dead_letter"];
/** An hour's sum: a day is 24 values of each. */
const periodSeconds = 3_600;

async function readWriterMetrics(
  client: CloudWatchClient,
  stage: string,
  fromMs: number,
  toMs: number,
): Promise<Record<string, number>> {
  const series = writerMetrics.flatMap((name) =>
    writers.flatMap((component) => tableNames.map((table) => ({ name, dimensions: { stage, component, table } }))),
  );
  const queries = series.map(({ name, dimensions }, index) => sumQuery(`m${index}`, metricNamespace, name, dimensions));
  const sums = await readSums(client, queries, fromMs, toMs);
  const told: Record<string, number> = {};
  for (const [index, { name }] of series.entries()) told[name] = (told[name] ?? 0) + (sums.get(`m${index}`) ?? 0);
  return told;
}

function sumQuery(
  id: string,
  namespace: string,
  name: string,
  dimensions: Readonly<Record<string, string>>,
): MetricDataQuery {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const Metric = { Namespace: namespace, MetricName: name, Dimensions };
  return { Id: id, MetricStat: { Metric, Period: periodSeconds, Stat: "Sum" } };
}

async function readSums(
  client: CloudWatchClient,
  MetricDataQueries: MetricDataQuery[],
  fromMs: number,
  toMs: number,
): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(fromMs),
        // The running minute counts as well.
        EndTime: new Date(toMs + minuteMs),
        MetricDataQueries,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
    for (const { Id = "", Values = [] } of page.MetricDataResults ?? [])
      sums.set(Id, (sums.get(Id) ?? 0) + Values.reduce((sum, value) => sum + value, 0));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return sums;
}

const lagFunctions = { "raw-events": "bronzeWriter", "dlq-events": "deadLetterWriter" } as const;
/** OffsetLag is told every minute, and some minutes late. */
const lagWindowMs = 10 * minuteMs;

async function readLag(client: CloudWatchClient, stage: string, nowMs: number): Promise<Record<string, number>> {
  const topics = Object.entries(lagFunctions);
  const answer = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(nowMs - lagWindowMs),
      EndTime: new Date(nowMs),
      MetricDataQueries: topics.map(([, name], index) => {
        const { MetricStat, ...query } = sumQuery(`lag${index}`, "AWS/Lambda", "OffsetLag", {
          FunctionName: `wikilake-${stage}-${name}`,
        });
        return { ...query, MetricStat: { Metric: MetricStat?.Metric, Period: 60, Stat: "Maximum" } };
      }),
    }),
  );
  // Newest first: the last word counts.
  return Object.fromEntries(
    topics.map(([topic], index) => {
      const found = answer.MetricDataResults?.find(({ Id }) => Id === `lag${index}`);
      return [topic, found?.Values?.[0] ?? 0];
    }),
  );
}
