import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { fromBuffer } from "yauzl";
import { type ZipEntry, zip } from "../../scripts/zip-writer.ts";
import { zipNames } from "../support/zip-names.ts";

/** Reads an archive with a reader that is not ours; it checks each CRC's length and the directory against the files. */
function read(archive: Buffer): Promise<ZipEntry[]> {
  return new Promise((resolve, reject) => {
    fromBuffer(archive, { lazyEntries: true, validateEntrySizes: true }, (error, zipFile) => {
      if (error) return reject(error);
      const entries: ZipEntry[] = [];
      zipFile.on("error", reject);
      zipFile.on("end", () => resolve(entries));
      zipFile.on("entry", (entry: { fileName: string }) => {
        zipFile.openReadStream(entry as never, (failed, stream) => {
          if (failed) return reject(failed);
          const chunks: Buffer[] = [];
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () => {
            entries.push({ name: entry.fileName, content: Buffer.concat(chunks) });
            zipFile.readEntry();
          });
        });
      });
      zipFile.readEntry();
    });
  });
}

const name = fc.stringMatching(/^[a-zé][a-z0-9_]{0,8}(\/[a-z][a-z0-9_.]{0,8}){0,3}$/);
const entries = fc.uniqueArray(
  fc.record({ name, content: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)) }),
  { selector: (entry) => entry.name, maxLength: 8 },
);

test("another program reads what was put in, and the same input gives the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (list) => {
      const archive = zip(list);
      expect(await read(archive)).toEqual(list);
      expect(zipNames(archive)).toEqual(list.map((entry) => entry.name));
      expect(zip(list).equals(archive)).toBe(true);
    }),
  );
});
