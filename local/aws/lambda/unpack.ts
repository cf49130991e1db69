import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import yauzl from "yauzl";
import { AwsError } from "../service.ts";

/** Lambda's limit on an unpacked function; it bounds what a broken zip can write, too. */
const maxUnpackedBytes = 250 * 1024 * 1024;

/** Unpacks a function's zip below `codeDir`, once per content. Returns the folder, named by the zip's sha256. */
export async function unpackOnce(zipFile: string, codeDir: string): Promise<string> {
  const target = path.join(codeDir, await sha256Of(zipFile));
  if (existsSync(target)) return target;
  // A half-unpacked folder must never be taken for a whole one: unpack beside it, then rename.
  const partial = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await mkdir(partial, { recursive: true });
  try {
    await unpack(zipFile, partial);
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** Hex sha256 of a file. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

async function unpack(zipFile: string, target: string): Promise<void> {
  const zip = await yauzl.openPromise(zipFile);
  let bytes = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      bytes += entry.uncompressedSize;
      if (bytes > maxUnpackedBytes) {
        throw new AwsError("InvalidParameterValueException", `unpacked size exceeds ${maxUnpackedBytes} bytes`);
      }
      await writeEntry(zip, entry, target);
    }
  } finally {
    zip.close();
  }
}

async function writeEntry(zip: yauzl.ZipFile, entry: yauzl.Entry, target: string): Promise<void> {
  // yauzl has refused absolute names and `..` already.
  const file = path.join(target, entry.fileName);
  if (entry.fileName.endsWith("/")) {
    await mkdir(file, { recursive: true });
    return;
  }
  await mkdir(path.dirname(file), { recursive: true });
  await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file));
}
