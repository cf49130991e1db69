import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import type { SchemaElement } from "hyparquet";
import { ByteWriter, type ColumnSource, parquetWrite } from "hyparquet-writer";
import type { Columns, ColumnType } from "../../schemas/tables/columns.ts";

/**
 * A row to stage: property names are column names; absent and null are the same. Timestamps are ms since the epoch, text
 * may be its UTF-8 bytes. Rows with the same `row_kind` have the same columns.
 */
export type StagedRow = { readonly [column: string]: unknown };
export type StageCodec = "ZSTD" | "GZIP" | "SNAPPY";

export type StageFile = {
  readonly columns: Columns;
  readonly rows: readonly StagedRow[];
  /** Columns that have one value throughout, for example the batch id. */
  readonly constants: Readonly<Record<string, string>>;
  /** Written into the footer. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly codec?: StageCodec;
};

/**
 * zstd at its fastest: measured on recentchange rows (bench/staging.ts) against gzip -1 and snappy.
 */
const defaultCodec: StageCodec = "ZSTD";
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const compressors = {
  ZSTD: (bytes: Uint8Array): Uint8Array => zstdCompressSync(bytes, zstdOptions),
  GZIP: (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 1 }),
};

/** One row group up to here: a batch has at most 10,000 records, and one group is one read for the engine. */
const rowGroupSize = 100_000;

/** A Parquet file of the rows. Throws on a value that its column's type cannot hold: the judge has let it through wrongly. */
export function writeStageFile({
  columns,
  rows,
  constants: fixed,
  metadata,
  codec = defaultCodec,
}: StageFile): Uint8Array {
  const writer = new ByteWriter();
  const known = new Set(rows.flatMap(firstOfItsKind()));
  parquetWrite({
    writer,
    schema: [{ name: "root", num_children: columns.length }, ...columns.map(([name, type]) => element(name, type))],
    columnData: columns.map(([name, type]) => {
      const constant = fixed[name];
      if (constant !== undefined) return uniform(name, rows.length, constant);
      return known.has(name) ? column(name, type, rows) : uniform(name, rows.length, undefined);
    }),
    codec,
    compressors,
    rowGroupSize,
    // A batch is always read whole: nobody would look at minima and maxima.
    statistics: false,
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: "wikilake",
  });
  return writer.getBytes();
}

/** True when every value of the row has a column that can hold it, or none. */
export function fitsColumns(columns: Columns, row: StagedRow): boolean {
  try {
    for (const [name, type] of columns) cells([row], name, type);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Names of a row's columns, for the first row of each shape; nothing for the others, which have the same. */
function firstOfItsKind(): (row: StagedRow) => string[] {
  const seen = new Set<unknown>();
  return (row) => {
    const kind = row["row_kind"];
    // Without kinds every row counts: a ledger's batch is small.
    if (kind !== undefined && seen.has(kind)) return [];
    seen.add(kind);
    return Object.keys(row);
  };
}

/** A column of one value, or of none: a few bytes, not worth a compressor. */
function uniform(name: string, length: number, value: string | undefined): ColumnSource {
  return { name, data: new Array(length).fill(value), codec: "UNCOMPRESSED" };
}

function column(name: string, type: ColumnType, rows: readonly StagedRow[]): ColumnSource {
  const data = cells(rows, name, type);
  return isDiverse(data) ? { name, data, encoding: "PLAIN" } : { name, data };
}

/** Values looked at before a dictionary is tried. */
const sampleSize = 64;

/** True when a sample has hardly a value twice: then a dictionary would be built and thrown away. */
function isDiverse(data: readonly unknown[]): boolean {
  if (data.length < sampleSize || typeof data[0] === "boolean") return false;
  const step = Math.floor(data.length / sampleSize);
  const sample = new Set<unknown>();
  for (let index = 0; index < sampleSize; index += 1) sample.add(data[index * step]);
  return sample.size > sampleSize * 0.9;
}

function element(name: string, type: ColumnType): SchemaElement {
  const column = { name, repetition_type: "OPTIONAL" } as const;
  switch (type) {
    case "string":
      return { ...column, type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };
    case "int":
      return { ...column, type: "INT32" };
    case "bigint":
      return { ...column, type: "INT64" };
    case "double":
      return { ...column, type: "DOUBLE" };
    case "boolean":
      return { ...column, type: "BOOLEAN" };
    case "timestamp":
      // Without zone: the engine must not shift it by a session's time zone.
      return { ...column, type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } };
  }
}

function cells(rows: readonly StagedRow[], name: string, type: ColumnType): unknown[] {
  const data: unknown[] = new Array(rows.length);
  const convert = converters[type];
  for (let index = 0; index < data.length; index += 1) {
    const value = rows[index]?.[name];
    data[index] = value === null || value === undefined ? undefined : convert(value, name);
  }
  return data;
}

/** 63 bits and a sign: snapshot ids use all of them. */
function int64(value: bigint, column: string): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new TypeError(`column ${column} cannot hold this bigint`);
  return value;
}

type Convert = (value: unknown, column: string) => unknown;

function expecting(kind: "string" | "number" | "boolean", range?: (value: number) => boolean): Convert {
  return (value, column) => {
    const fits = typeof value === kind && (range === undefined || range(value as number)); // as: kind is number then
    if (!fits) throw new TypeError(`column ${column} cannot hold this ${typeof value}`);
    return value;
  };
}

const isInt32 = (value: number): boolean => (value | 0) === value || Object.is(value, -0);
const text = expecting("string");
const wholeNumber = expecting("number", Number.isSafeInteger);

const converters: Readonly<Record<ColumnType, Convert>> = {
  // Bytes are UTF-8 text that need not be decoded and encoded again.
  string: (value, column) => (value instanceof Uint8Array ? value : text(value, column)),
  int: expecting("number", isInt32),
  bigint: (value, column) =>
    typeof value === "bigint" ? int64(value, column) : BigInt(wholeNumber(value, column) as number), // as: checked just before
  double: expecting("number"),
  boolean: expecting("boolean"),
  timestamp: (value, column) => BigInt(wholeNumber(value, column) as number) * 1000n, // as: checked just before
};
