/**
 * Rows per second of CPU from Kafka records to a staged Parquet file: judge, row, identity, file. Run it as
 * `npm run -s bench:staging` or `node bin/node24.mjs bench/staging.ts [--rows N] [--rounds N]`.
 *
 * Real events of ../shared/data; codecs are interleaved, so that a busy machine slows all of them alike; the best and the
 * median round are printed, the file is read back once so that what is timed is what is right.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { parquetMetadata } from "hyparquet";
import { identifyBatch } from "../lib/core/batch.ts";
import type { KafkaRecord } from "../lib/core/kafka-record.ts";
import { type StageCodec, writeStageFile } from "../lib/lake/parquet-stage.ts";
import { judgeRecord } from "../lib/steps/judge-record.ts";
import { toBronzeRow } from "../lib/steps/to-bronze-row.ts";
import { stageRawEventsColumns } from "../schemas/tables/columns.ts";
import { median } from "./support/median.ts";

const { values } = parseArgs({ options: { rows: { type: "string" }, rounds: { type: "string" } } });
/** A full payload of a mapping is about 3,000 events. */
const rowCount = Number(values.rows ?? 3000);
const rounds = Number(values.rounds ?? 15);
const nowMs = Date.now();

const file = join(import.meta.dirname, "../../shared/data/recentchange_2016-06-27.ndjson.gz");
const lines = gunzipSync(readFileSync(file)).toString().trim().split("\n").slice(0, rowCount);
const records = lines.map((line, index): KafkaRecord => {
  const headers = { source_kind: "replay", ingested_at: String(nowMs) };
  const value = Buffer.from(line);
  return {
    topic: "raw-events",
    partition: index % 12,
    offset: Math.floor(index / 12),
    timestampMs: nowMs,
    value,
    headers,
  };
});
const typedColumns = stageRawEventsColumns.filter(([name]) => name !== "raw_event");

/** CPU time of all threads, ms: what counts on a machine that does other things as well, and what a core is paid for. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const timings = new Map<string, number[]>();
const sizes = new Map<string, number>();
function timed<T>(name: string, work: () => T): T {
  const begun = cpuMs();
  const result = work();
  timings.set(name, [...(timings.get(name) ?? []), cpuMs() - begun]);
  return result;
}

for (let round = 0; round < rounds; round += 1) {
  const rows = timed("judge + row", () =>
    records.map((record) =>
      toBronzeRow(record, judgeRecord(record.value, { sourceKind: "replay", nowMs, canary: "reject" }), nowMs),
    ),
  );
  const id = timed("identity", () => identifyBatch(records, "1"));
  for (const codec of ["ZSTD", "GZIP", "SNAPPY"] as const satisfies readonly StageCodec[]) {
    for (const [name, columns] of [
      ["typed", typedColumns],
      ["with raw", stageRawEventsColumns],
    ] as const) {
      const label = `file ${name} ${codec}`;
      const body = timed(label, () =>
        writeStageFile({ columns, rows, constants: { batch_id: id }, metadata: {}, codec }),
      );
      sizes.set(label, body.length / rows.length);
      if (Number(parquetMetadata(body.slice().buffer).num_rows) !== rows.length) throw new Error("rows are missing");
    }
  }
}

const perSecond = (ms: number): string => Math.round((rowCount / ms) * 1000).toLocaleString("en");
console.log(`${rowCount} rows, ${rounds} rounds, node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`);
for (const [name, list] of timings) {
  const size = sizes.get(name);
  const bytes = size === undefined ? "" : `${Math.round(size)} B/row`;
  console.log(
    `${name.padEnd(22)} best ${perSecond(Math.min(...list)).padStart(9)} rows/s  median ${perSecond(median(list)).padStart(9)}  ${bytes}`,
  );
}
const { maxRSS } = process.resourceUsage();
console.log(`largest resident set ${Math.round(maxRSS / 1024)} MiB`);
