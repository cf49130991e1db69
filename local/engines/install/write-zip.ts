import { writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";

export type ZipEntry = { readonly name: string; readonly content: Buffer };

/** Signatures and sizes of the ZIP format (APPNOTE 4.3): local header, central header, end record. */
const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
/** 1 January 1980, the format's first date, so that the same entries give the same bytes. */
const fixedDate = 0x0021;

/** Writes an uncompressed ZIP (a jar is one): for the few small classes and service files of ours no more is needed. */
export async function writeZip(path: string, entries: readonly ZipEntry[]): Promise<void> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name, "utf8");
    const local = header(localSignature, entry.content, name, 30);
    directory.push(centralHeader(entry.content, name, offset), name);
    parts.push(local, name, entry.content);
    offset += local.length + name.length + entry.content.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  await writeFile(path, Buffer.concat([...parts, ...directory, endRecord(entries.length, size, offset)]));
}

function header(signature: number, content: Buffer, name: Buffer, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(signature, 0);
  writeCommonFields(bytes, 4, content, name);
  return bytes;
}

function centralHeader(content: Buffer, name: Buffer, offset: number): Buffer {
  const bytes = Buffer.alloc(46);
  bytes.writeUInt32LE(centralSignature, 0);
  bytes.writeUInt16LE(versionNeeded, 4);
  writeCommonFields(bytes, 6, content, name);
  bytes.writeUInt32LE(offset, 42);
  return bytes;
}

/** Version 1.0 of the format: stored entries, no folders. */
const versionNeeded = 10;

/** The flag that says names are UTF-8. */
const utf8Names = 0x0800;

/** The fields that both headers share: version, flags, method 0 (stored), time, date, CRC, both sizes, name length. */
function writeCommonFields(bytes: Buffer, at: number, content: Buffer, name: Buffer): void {
  bytes.writeUInt16LE(versionNeeded, at);
  bytes.writeUInt16LE(utf8Names, at + 2);
  bytes.writeUInt16LE(fixedDate, at + 8);
  bytes.writeUInt32LE(crc32(content), at + 10);
  bytes.writeUInt32LE(content.length, at + 14);
  bytes.writeUInt32LE(content.length, at + 18);
  bytes.writeUInt16LE(name.length, at + 22);
}

function endRecord(count: number, size: number, offset: number): Buffer {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(endSignature, 0);
  bytes.writeUInt16LE(count, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(size, 12);
  bytes.writeUInt32LE(offset, 16);
  return bytes;
}
