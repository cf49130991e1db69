/** Counters and timings as CloudWatch embedded metric format lines: no call, no permission, and a log line tells the same. */
export type MetricUnit = "Count" | "Milliseconds" | "Bytes" | "Seconds";
export type Metric = { readonly name: string; readonly value: number; readonly unit: MetricUnit };
export type Metrics = { put(metrics: readonly Metric[], dimensions?: Readonly<Record<string, string>>): void };

/** The one namespace of ours; alarms in infra/ name it. */
export const metricNamespace = "Wikilake";

type MetricsOptions = {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly now?: () => number;
  readonly write?: (line: string) => void;
};

/**
 * Writes one EMF line per call. Dimensions are few and bounded (stage, component, reason): never a title or a user.
 * Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function createMetrics({
  dimensions,
  now = Date.now,
  write = (line) => process.stdout.write(`${line}\n`),
}: MetricsOptions): Metrics {
  return {
    put: (metrics, extra = {}) => {
      const all = { ...dimensions, ...extra };
      const definitions = metrics.map(({ name, unit }) => ({ Name: name, Unit: unit }));
      const values = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
      const directive = { Namespace: metricNamespace, Dimensions: [Object.keys(all)], Metrics: definitions };
      write(JSON.stringify({ _aws: { Timestamp: now(), CloudWatchMetrics: [directive] }, ...all, ...values }));
    },
  };
}
