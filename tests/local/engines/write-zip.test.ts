import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import yauzl from "yauzl";
import { writeZip } from "../../../local/engines/install/write-zip.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wikilake-zip-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("another program reads every entry back, checksums and all", async () => {
  const entries = [
    { name: "META-INF/services/x", content: Buffer.from("one\ntwo\n") },
    { name: "empty", content: Buffer.alloc(0) },
    { name: "größe", content: Buffer.from([0, 255, 1, 254]) },
  ];
  await writeZip(join(folder, "a.jar"), entries);
  expect(await readZip(join(folder, "a.jar"))).toEqual(entries);
});

test("the same entries give the same bytes", async () => {
  const entries = [{ name: "a", content: Buffer.from("a") }];
  await writeZip(join(folder, "1.jar"), entries);
  await writeZip(join(folder, "2.jar"), entries);
  expect(await readFile(join(folder, "1.jar"))).toEqual(await readFile(join(folder, "2.jar")));
});

async function readZip(path: string): Promise<readonly { name: string; content: Buffer }[]> {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true }, (error, file) => (error === null ? resolve(file) : reject(error))),
  );
  return new Promise((resolve, reject) => {
    const found: { name: string; content: Buffer }[] = [];
    zip.on("error", reject);
    zip.on("end", () => resolve(found));
    zip.on("entry", (entry: yauzl.Entry) => {
      zip.openReadStream(entry, async (error, stream) => {
        if (error !== null) return reject(error);
        found.push({ name: entry.fileName, content: Buffer.concat(await stream.toArray()) });
        zip.readEntry();
      });
    });
    zip.readEntry();
  });
}
