import { zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import type { FakeS3 } from "./fake-s3.ts";
import type { SqlRow, SqlValue } from "./sql-statement.ts";

/** What of a staged row decides where it goes, whether it is there already, and whose it is. */
const columns = [
  "row_kind",
  "event_id",
  "kafka_topic",
  "kafka_partition",
  "kafka_offset",
  "kafka_timestamp",
  "event_date",
  "event_hour",
  "dl_date",
  "raw_base64",
  "stage",
  "reason",
  "title",
];

export type StageReader = { read(id: string): Promise<readonly SqlRow[]> };

/** Reads staged Parquet files as the engine does; a batch without an object is empty. */
export function createStageReader(s3: FakeS3, bucket: string): StageReader {
  /** By content: an object that was overwritten is another one. */
  const known = new Map<string, readonly SqlRow[]>();
  return {
    read: async (id) => {
      const stored = s3.objects.get(`${bucket}/stage/raw_events/batch=${id}/part-0.parquet`);
      if (stored === undefined) return [];
      const { body, etag } = stored;
      const before = known.get(`${id} ${etag}`);
      if (before !== undefined) return before;
      const rows = await parquetReadObjects({
        file: body.slice().buffer,
        columns,
        compressors: { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdDecompressSync(bytes)) },
      });
      const typed = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
      );
      known.set(`${id} ${etag}`, typed);
      return typed;
    },
  };
}

function plain(value: unknown): SqlValue {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.getTime();
  if (typeof value === "string" || typeof value === "number") return value;
  throw new Error(`simulation: a staged value of type ${typeof value}`);
}
