import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { listFiles } from "./file-hash.ts";
import { type ZipEntry, zip } from "./zip-writer.ts";

/** What a Spark run reads: programs, SQL, rules and descriptions. Notes for people stay behind. */
const jobFile = /\.(py|sql|dqdl|yml|yaml|json)$/;
const testFile = /(^|\/)(tests?|conftest\.py)(\/|$)/;

async function entriesOf(folder: string, prefix: string): Promise<ZipEntry[]> {
  const names = listFiles(folder)
    .map((file) => relative(folder, file).split(sep).join("/"))
    .filter((name) => jobFile.test(name) && !testFile.test(name));
  return Promise.all(names.map(async (name) => ({ name: prefix + name, content: await readFile(join(folder, name)) })));
}

/**
 * Writes the job files into `outDir`: `jobs.zip` (for `spark.submit.pyFiles`) with all of `spark/`, and the rules of
 * `schemas/rules` as `rules/`; and the same files beside it, so that `runner/main.py` can be the entry point.
 */
export async function packageSpark(root: string, outDir: string): Promise<void> {
  const entries = [
    ...(await entriesOf(join(root, "spark"), "")),
    ...(await entriesOf(join(root, "schemas", "rules"), "rules/")),
  ];
  await mkdir(outDir, { recursive: true });
  for (const { name, content } of entries) {
    await mkdir(dirname(join(outDir, name)), { recursive: true });
    await writeFile(join(outDir, name), content);
  }
  await writeFile(join(outDir, "jobs.zip"), zip(entries));
}
