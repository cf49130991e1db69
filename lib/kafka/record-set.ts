import type { Headers, OutBatch, OutRecord } from "./ports.ts";

/** Most bytes of a varint for an int32. */
const maxVarintBytes = 5;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const maxBytesPerChar = 3;

type HeaderName = { readonly bytes: Buffer; readonly size: number };

/** The same dozen names in every record. */
const headerNames = new Map<string, HeaderName>();

/**
 * The records of one batch in Kafka's format (magic 2, before compression), timestamps all at the batch's own. As the
 * client would write them, many times as fast: it makes a zeroed buffer of 512 bytes for each record and each header.
 */
export function encodeRecordSet(batch: OutBatch): Buffer {
  const records = stampLast(batch);
  const room = records.reduce((sum, record) => sum + roomFor(record), 0);
  const target = Buffer.allocUnsafe(room);
  let at = 0;
  for (const [offset, record] of records.entries()) at = writeRecord(target, at, record, offset);
  return target.subarray(0, at);
}

/** The records of a batch as they are stored: the last has the stamp besides its own headers. */
export function stampLast({ records, stamp }: OutBatch): readonly OutRecord[] {
  const last = records.length - 1;
  return records.map((record, index) =>
    index < last ? record : { ...record, headers: { ...record.headers, ...stamp } },
  );
}

function roomFor({ key, value, headers }: OutRecord): number {
  return key.length + value.length + roomForHeaders(headers) + 5 * maxVarintBytes;
}

function roomForHeaders(headers: Headers): number {
  let room = 0;
  for (const name in headers)
    room += (name.length + (headers[name]?.length ?? 0)) * maxBytesPerChar + 2 * maxVarintBytes;
  return room;
}

/** Bytes of each header's value, and of all headers together. */
function sizesOf(headers: Headers): { readonly values: readonly number[]; readonly total: number } {
  const values: number[] = [];
  let total = 0;
  for (const name in headers) {
    const size = byteSize(headers[name] ?? "");
    values.push(size);
    total += nameOf(name).size + varintSize(size) + size;
  }
  return { values, total };
}

function writeRecord(target: Buffer, start: number, { key, value, headers }: OutRecord, offset: number): number {
  const sizes = sizesOf(headers);
  const count = sizes.values.length;
  const headerBytes = varintSize(count) + sizes.total;
  let at = writeVarint(target, start, 2 + varintSize(offset) + bytesSize(key) + bytesSize(value) + headerBytes);
  // Attributes, unused, and the timestamp's distance from the batch's.
  target[at] = 0;
  target[at + 1] = 0;
  at = writeVarint(target, at + 2, offset);
  at = writeBytes(target, at, key);
  at = writeBytes(target, at, value);
  at = writeVarint(target, at, count);
  return writeHeaders(target, at, headers, sizes.values);
}

function writeHeaders(target: Buffer, start: number, headers: Headers, sizes: readonly number[]): number {
  let at = start;
  let index = 0;
  for (const name in headers) {
    const size = sizes[index] ?? 0;
    at = writeVarint(target, writeBytes(target, at, nameOf(name).bytes), size);
    writeText(target, at, headers[name] ?? "", size);
    at += size;
    index += 1;
  }
  return at;
}

/** Up to this length a loop is quicker than a call out of JavaScript. */
const shortText = 64;

/** UTF-8 bytes of a text. */
function byteSize(text: string): number {
  return isShortAscii(text) ? text.length : Buffer.byteLength(text, "utf8");
}

function isShortAscii(text: string): boolean {
  if (text.length > shortText) return false;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 127) return false;
  return true;
}

/** `size` is what byteSize said: equal to the length for ASCII only. */
function writeText(target: Buffer, at: number, text: string, size: number): void {
  if (size !== text.length || size > shortText) target.write(text, at, size, "utf8");
  else for (let index = 0; index < size; index += 1) target[at + index] = text.charCodeAt(index);
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
