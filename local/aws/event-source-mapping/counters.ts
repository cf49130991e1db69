import type { KafkaMappingConfig } from "./mapping-config.ts";

/** One value for the metric store. */
export type MetricDatum = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  readonly unit: "Count" | "None";
};

const eventCounts = [
  "PolledEventCount",
  "FilteredOutEventCount",
  "InvokedEventCount",
  "FailedInvokeEventCount",
  "DroppedEventCount",
  "OnFailureDestinationDeliveredEventCount",
  "CommittedEventCount",
] as const;
const errorCounts = [
  "PollingErrorCount",
  "InvokeErrorCount",
  "OnFailureDestinationDeliveryErrorCount",
  "CommitErrorCount",
] as const;
export type CounterName = (typeof eventCounts)[number] | (typeof errorCounts)[number];

export type Counters = {
  add(name: CounterName, value?: number): void;
  total(name: CounterName): number;
  /** The minute's values; counting starts again at zero. Zeros are told too, for an idle mapping is not a dead one. */
  drain(config: KafkaMappingConfig, lags: readonly number[] | undefined, pollers: number): readonly MetricDatum[];
};

/** Counts what AWS counts for a mapping. Error counts are emitted only when there was one. */
export function createCounters(): Counters {
  const minute = new Map<CounterName, number>();
  const totals = new Map<CounterName, number>();
  return {
    add: (name, value = 1) => {
      minute.set(name, (minute.get(name) ?? 0) + value);
      totals.set(name, (totals.get(name) ?? 0) + value);
    },
    total: (name) => totals.get(name) ?? 0,
    drain: (config, lags, pollers) => {
      const dimensions = { EventSourceMappingUUID: config.uuid };
      const datum = (name: string, value: number): MetricDatum => ({
        namespace: "AWS/Lambda",
        name,
        dimensions,
        value,
        unit: "Count",
      });
      const events = config.metrics.includes("EventCount")
        ? eventCounts.map((name) => datum(name, minute.get(name) ?? 0))
        : [];
      const errors = config.metrics.includes("ErrorCount")
        ? errorCounts.flatMap((name) => (minute.has(name) ? [datum(name, minute.get(name) ?? 0)] : []))
        : [];
      minute.clear();
      const provisioned = config.pollers === undefined ? [] : [datum("ProvisionedPollers", pollers)];
      return [...events, ...errors, ...lagMetrics(config, lags, datum), ...provisioned];
    },
  };
}

function lagMetrics(
  config: KafkaMappingConfig,
  lags: readonly number[] | undefined,
  datum: (name: string, value: number) => MetricDatum,
): readonly MetricDatum[] {
  if (lags === undefined) return [];
  const sum = lags.reduce((total, lag) => total + lag, 0);
  const perFunction: MetricDatum = {
    ...datum("OffsetLag", sum),
    dimensions: { FunctionName: config.functionName },
  };
  if (!config.metrics.includes("KafkaMetrics")) return [perFunction];
  return [perFunction, datum("MaxOffsetLag", Math.max(0, ...lags)), datum("SumOffsetLag", sum)];
}
