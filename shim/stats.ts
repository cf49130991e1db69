import type { Clock } from "../lib/platform/clock.ts";
import type { Metric, Metrics } from "../lib/platform/metrics.ts";

/** What the whole run has done; each received event ends as exactly one of the other five. */
export type Totals = {
  received: number;
  accepted: number;
  rejected: number;
  dropped: number;
  duplicates: number;
  filtered: number;
  connections: number;
  /** Answers 400, 403 and 404: the source wants something else of us. */
  refusals: number;
};

/** Counts, and tells CloudWatch what happened since it was told last. */
export class Stats {
  readonly totals: Totals = {
    received: 0,
    accepted: 0,
    rejected: 0,
    dropped: 0,
    duplicates: 0,
    filtered: 0,
    connections: 0,
    refusals: 0,
  };
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  #told: Totals = { ...this.totals };
  #newestEventMs: number | undefined;
  #aliveAtMs: number;

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#aliveAtMs = clock.monotonic();
  }

  /** Bytes came from the source. */
  alive(): void {
    this.#aliveAtMs = this.#clock.monotonic();
  }

  sawEvent(eventMs: number): void {
    this.#newestEventMs = Math.max(eventMs, this.#newestEventMs ?? eventMs);
  }

  /** Received and neither dropped nor acknowledged yet: received = accepted + rejected + dropped + duplicates + these. */
  inFlight(): number {
    const { received, accepted, rejected, dropped, duplicates } = this.totals;
    return received - accepted - rejected - dropped - duplicates;
  }

  tell(bufferedBytes: number): void {
    const { totals } = this;
    const since = (field: keyof Totals): number => totals[field] - this.#told[field];
    const counts: readonly (readonly [string, keyof Totals])[] = [
      ["RecordsReceived", "received"],
      ["RecordsAcked", "accepted"],
      ["RecordsRejected", "rejected"],
      ["Canaries", "dropped"],
      ["Duplicates", "duplicates"],
      ["RecordsFiltered", "filtered"],
      ["Reconnects", "connections"],
      ["SourceRefused", "refusals"],
    ];
    const metrics: Metric[] = counts.map(([name, field]) => ({ name, value: since(field), unit: "Count" }));
    metrics.push({ name: "RecordsInFlight", value: this.inFlight(), unit: "Count" });
    metrics.push({ name: "BufferedBytes", value: bufferedBytes, unit: "Bytes" });
    const silenceMs = Math.round(this.#clock.monotonic() - this.#aliveAtMs);
    metrics.push({ name: "SourceSilenceMs", value: silenceMs, unit: "Milliseconds" });
    if (this.#newestEventMs !== undefined) {
      const lagMs = Math.max(0, Math.round(this.#clock.now() - this.#newestEventMs));
      metrics.push({ name: "SourceLagMs", value: lagMs, unit: "Milliseconds" });
    }
    this.#metrics.put(metrics);
    this.#told = { ...totals };
  }
}
