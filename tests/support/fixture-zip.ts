import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";

/** Writes a zip of stored (uncompressed) files: name → text. Enough for function packages made in tests. */
export function writeFixtureZip(file: string, files: Readonly<Record<string, string>>): string {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const nameBytes = Buffer.from(name);
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(crc32(data), 0);
    sizes.writeUInt32LE(data.length, 4);
    sizes.writeUInt32LE(data.length, 8);
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(nameBytes.length, 0);
    const local = Buffer.concat([hex("504b0304 1400 0000 0000 0000 2100"), sizes, lengths, nameBytes, data]);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(offset, 12);
    const head = hex("504b0102 1400 1400 0000 0000 0000 2100");
    directory.push(Buffer.concat([head, sizes, lengths.subarray(0, 2), tail, nameBytes]));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(locals.length, 8);
  end.writeUInt16LE(locals.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, Buffer.concat([...locals, central, end]));
  return file;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
