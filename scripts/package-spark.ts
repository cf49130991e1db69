import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { listFiles } from "./file-hash.ts";
import { zip } from "./zip-writer.ts";

/** What a Spark run reads: programs, SQL, rules and descriptions. Notes for people stay behind. */
const jobFile = /\.(py|sql|dqdl|yml|yaml|json)$/;
const testFile = /(^|\/)(tests?|conftest\.py)(\/|$)/;

/**
 * Writes the job files of `spark/` into `outDir`: `jobs.zip` with all of them (for `spark.submit.pyFiles`) and the same
 * files beside it, so that `runner/main.py` can be the entry point.
 */
export async function packageSpark(root: string, outDir: string): Promise<void> {
  const folder = join(root, "spark");
  const names = listFiles(folder)
    .map((file) => relative(folder, file).split(sep).join("/"))
    .filter((name) => jobFile.test(name) && !testFile.test(name));
  await mkdir(outDir, { recursive: true });
  for (const name of names) {
    await mkdir(dirname(join(outDir, name)), { recursive: true });
    await cp(join(folder, name), join(outDir, name));
  }
  const entries = await Promise.all(names.map(async (name) => ({ name, content: await readFile(join(folder, name)) })));
  await writeFile(join(outDir, "jobs.zip"), zip(entries));
}
