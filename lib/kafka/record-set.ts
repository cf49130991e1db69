import type { OutRecord } from "./ports.ts";

/** Most bytes of a varint for an int32. */
const maxVarintBytes = 5;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const maxBytesPerChar = 3;

type HeaderName = { readonly bytes: Buffer; readonly size: number };

/** The same dozen names in every record. */
const headerNames = new Map<string, HeaderName>();

/**
 * The records of one batch in Kafka's format (magic 2, before compression), timestamps all at the batch's own. As the
 * client would write them, ten times as fast: it makes a zeroed buffer of 512 bytes for each record and each header.
 */
export function encodeRecordSet(records: readonly OutRecord[]): Buffer {
  const target = Buffer.allocUnsafe(records.reduce((sum, record) => sum + roomFor(record), 0));
  let at = 0;
  for (const [offset, record] of records.entries()) at = writeRecord(target, at, record, offset);
  return target.subarray(0, at);
}

function roomFor({ key, value, headers }: OutRecord): number {
  let chars = 0;
  let count = 0;
  for (const name in headers) {
    chars += name.length + (headers[name]?.length ?? 0);
    count += 1;
  }
  return key.length + value.length + chars * maxBytesPerChar + (count * 2 + 5) * maxVarintBytes;
}

function writeRecord(target: Buffer, start: number, { key, value, headers }: OutRecord, offset: number): number {
  const sizes: number[] = [];
  let headerBytes = 0;
  for (const name in headers) {
    const size = Buffer.byteLength(headers[name] ?? "", "utf8");
    sizes.push(size);
    headerBytes += nameOf(name).size + varintSize(size) + size;
  }
  const body = 2 + varintSize(offset) + bytesSize(key) + bytesSize(value) + varintSize(sizes.length) + headerBytes;
  let at = writeVarint(target, start, body);
  // Attributes, unused, and the timestamp's distance from the batch's.
  target[at] = 0;
  target[at + 1] = 0;
  at = writeVarint(target, at + 2, offset);
  at = writeBytes(target, at, key);
  at = writeBytes(target, at, value);
  at = writeVarint(target, at, sizes.length);
  let index = 0;
  for (const name in headers) {
    const size = sizes[index] ?? 0;
    at = writeBytes(target, at, nameOf(name).bytes);
    at = writeVarint(target, at, size);
    target.write(headers[name] ?? "", at, size, "utf8");
    at += size;
    index += 1;
  }
  return at;
}

function nameOf(name: string): HeaderName {
  const known = headerNames.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(name, "utf8");
  const made = { bytes, size: bytesSize(bytes) };
  headerNames.set(name, made);
  return made;
}

function bytesSize(bytes: Buffer): number {
  return varintSize(bytes.length) + bytes.length;
}

function writeBytes(target: Buffer, at: number, bytes: Buffer): number {
  const start = writeVarint(target, at, bytes.length);
  target.set(bytes, start);
  return start + bytes.length;
}

/** Lengths and distances are never negative, so their zigzag form is twice the value. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = value * 2; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function writeVarint(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value * 2;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    target[at] = (rest % 128) + 128;
    at += 1;
  }
  target[at] = rest;
  return at + 1;
}
