import { expect } from "@jest/globals";
import { onPartition } from "./fixtures.ts";
import type { Row, SparkHarness } from "./harness/spark-harness.ts";

export const userDaily = ["silver.cleaned_events", "silver.reverts", "gold.hourly_stats", "gold.user_daily"];
export const history = [
  "gold.historical_top_contributors",
  "gold.historical_language_distribution",
  "gold.historical_server_rankings",
];

/** A lake with these tables only, and the offsets its next batch begins at. */
export class DailyLake {
  readonly #spark: () => SparkHarness;
  readonly prefix: string;
  readonly #tables: readonly string[];
  #next = 0;
  #run = 0;
  constructor(spark: () => SparkHarness, prefix: string, tables: readonly string[]) {
    this.#spark = spark;
    this.prefix = prefix;
    this.#tables = tables;
  }
  async cycle(rows: readonly Row[], flags: readonly string[] = []): Promise<void> {
    if (rows.length > 0) await this.#spark().appendBronze(this.prefix, onPartition(rows, this.#next));
    this.#next += rows.length;
    this.#run += 1;
    const runId = `${this.prefix}-${this.#run}`;
    const given = ["--tables", this.#tables.join(","), ...flags];
    const answer = await this.#spark().run({ prefix: this.prefix, runId, flags: given });
    // What stopped it, where something did.
    const broken = await this.#spark().sql(
      `select table_name, rule_id, failure_reason from lake.${this.prefix}_dq_audit.quality_results
       where run_id = '${runId}' and status in ('FAILED', 'ERROR')`,
    );
    expect({ ...answer, broken }).toEqual({ exit: 0, broken: [] });
  }
  gold(table: string): string {
    return `lake.${this.prefix}_gold.${table}`;
  }
  /** Rows of `columns`, one array each. */
  async rows(table: string, columns: string, where = "true"): Promise<readonly (readonly unknown[])[]> {
    const found = await this.#spark().sql(`select ${columns} from ${this.gold(table)} where ${where}`);
    return found.map((row) => Object.values(row));
  }
}

export const at = (day: string, time: string): string => `${day}T${time}.000`;
export const noLength: Row = { length_old: null, length_new: null, revision_old: null, revision_new: null };
export const de: Row = { domain: "de.wikipedia.org", wiki: "dewiki" };
export const commons: Row = { domain: "commons.wikimedia.org", wiki: "commonswiki" };
