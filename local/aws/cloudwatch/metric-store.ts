import { z } from "zod";

/** A metric is its namespace, name and exact set of dimensions. */
export type MetricId = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
};
/** Values of one minute, or of one period of a query. */
export type Statistics = { readonly sum: number; readonly count: number; readonly min: number; readonly max: number };
export type Datapoint = Statistics & { readonly timeMs: number };

const bucketSchema = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]);
const seriesSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  dimensions: z.record(z.string(), z.string()),
  unit: z.string().optional(),
  buckets: z.array(bucketSchema),
});
/** What a snapshot holds; a bucket is [minute, sum, count, min, max]. */
export const metricSnapshotSchema = z.array(seriesSchema);
export type MetricSnapshot = z.output<typeof metricSnapshotSchema>;

export type MetricStore = {
  record(id: MetricId, timeMs: number, values: Statistics, unit?: string): void;
  /** Datapoints of whole periods, oldest first. A period without a value has none. */
  query(
    id: MetricId,
    range: { readonly startMs: number; readonly endMs: number; readonly periodMs: number },
  ): readonly Datapoint[];
  list(): readonly MetricId[];
  snapshot(): MetricSnapshot;
  restore(snapshot: MetricSnapshot): void;
};

const minuteMs = 60_000;
/** Minutes kept of a metric: a day and an hour, as a status page shows. CloudWatch keeps 15 days at this resolution. */
const maxMinutes = 25 * 60;
/** Metrics kept; dimensions of ours are few, and a bug must not fill the memory. */
const maxSeries = 5000;

type Series = { readonly id: MetricId; unit: string | undefined; readonly buckets: Map<number, Statistics> };

/** Makes an empty store. */
export function createMetricStore(): MetricStore {
  const all = new Map<string, Series>();
  const seriesOf = (id: MetricId): Series | undefined => {
    const key = keyOf(id);
    const known = all.get(key);
    if (known || all.size >= maxSeries) return known;
    const made: Series = { id, unit: undefined, buckets: new Map() };
    all.set(key, made);
    return made;
  };
  return {
    record: (id, timeMs, values, unit) => {
      const series = seriesOf(id);
      if (!series) return;
      series.unit = unit ?? series.unit;
      const minute = Math.floor(timeMs / minuteMs);
      const before = series.buckets.get(minute);
      series.buckets.set(minute, before ? add(before, values) : values);
      if (series.buckets.size > maxMinutes) series.buckets.delete(Math.min(...series.buckets.keys()));
    },
    query: (id, range) => datapoints(all.get(keyOf(id))?.buckets ?? new Map(), range),
    list: () => [...all.values()].map((series) => series.id),
    snapshot: () => [...all.values()].map(frozen),
    restore: (snapshot) => {
      for (const { buckets, unit, ...id } of snapshot) {
        const restored = buckets.map(([minute, sum, count, min, max]) => [minute, { sum, count, min, max }] as const);
        all.set(keyOf(id), { id, unit, buckets: new Map(restored) });
      }
    },
  };
}

const keyOf = ({ namespace, name, dimensions }: MetricId): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

const add = (a: Statistics, b: Statistics): Statistics => ({
  sum: a.sum + b.sum,
  count: a.count + b.count,
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});

function datapoints(
  buckets: ReadonlyMap<number, Statistics>,
  { startMs, endMs, periodMs }: { readonly startMs: number; readonly endMs: number; readonly periodMs: number },
): readonly Datapoint[] {
  const periods = new Map<number, Statistics>();
  for (const [minute, values] of buckets) {
    const timeMs = minute * minuteMs;
    if (timeMs < startMs || timeMs >= endMs) continue;
    const period = Math.floor(timeMs / periodMs) * periodMs;
    const before = periods.get(period);
    periods.set(period, before ? add(before, values) : values);
  }
  return [...periods].map(([timeMs, values]) => ({ timeMs, ...values })).sort((a, b) => a.timeMs - b.timeMs);
}

const frozen = ({ id, unit, buckets }: Series): MetricSnapshot[number] => ({
  ...id,
  ...(unit === undefined ? {} : { unit }),
  buckets: [...buckets].map(([minute, { sum, count, min, max }]) => [minute, sum, count, min, max]),
});

/** Several values as one statistic; undefined when there is none. */
export function statisticsOf(values: readonly number[], counts: readonly number[] = []): Statistics | undefined {
  if (values.length === 0 || !values.every(Number.isFinite)) return undefined;
  return values
    .map((value, index) => ({ sum: value * (counts[index] ?? 1), count: counts[index] ?? 1, min: value, max: value }))
    .reduce(add);
}
