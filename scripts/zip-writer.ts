import { crc32, deflateRawSync } from "node:zlib";

export type ZipEntry = { readonly name: string; readonly content: Buffer };

/** 1980-01-01 00:00, the earliest a zip can say: no clock in the archive, so equal inputs give equal bytes. */
const dosTime = 0;
const dosDate = 33;
/** Version 2.0: deflate. */
const versionNeeded = 20;
const deflated = 8;
/** General purpose bit 11: names are UTF-8. */
const utf8Names = 0x0800;

type Packed = { readonly name: Buffer; readonly data: Buffer; readonly size: number; readonly crc: number };

/** The fields that a local header and a directory entry share, from "version needed" to the name's length. */
function commonFields(entry: Packed): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(versionNeeded, 0);
  fields.writeUInt16LE(utf8Names, 2);
  fields.writeUInt16LE(deflated, 4);
  fields.writeUInt16LE(dosTime, 6);
  fields.writeUInt16LE(dosDate, 8);
  fields.writeUInt32LE(entry.crc, 10);
  fields.writeUInt32LE(entry.data.length, 14);
  fields.writeUInt32LE(entry.size, 18);
  fields.writeUInt16LE(entry.name.length, 22);
  return fields;
}

function localFile(entry: Packed): Buffer {
  const signature = Buffer.from([0x50, 0x4b, 3, 4]);
  return Buffer.concat([signature, commonFields(entry), entry.name, entry.data]);
}

function directoryEntry(entry: Packed, offset: number): Buffer {
  const start = Buffer.from([0x50, 0x4b, 1, 2, versionNeeded, 3]);
  const tail = Buffer.alloc(14);
  // 0644 as a regular file: some unzippers apply what stands here.
  tail.writeUInt32LE((0o100644 << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  return Buffer.concat([start, commonFields(entry), tail, entry.name]);
}

/** A zip archive of at most 65,535 small files, in the order given, the same bytes for the same entries. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const packed = entries.map(({ name, content }) => ({
    name: Buffer.from(name, "utf8"),
    data: deflateRawSync(content, { level: 9 }),
    size: content.length,
    crc: crc32(content),
  }));
  const files = packed.map(localFile);
  let offset = 0;
  const directory = packed.map((entry, index) => {
    const header = directoryEntry(entry, offset);
    offset += files[index]?.length ?? 0;
    return header;
  });
  const directorySize = directory.reduce((sum, entry) => sum + entry.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directorySize, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, ...directory, end]);
}
