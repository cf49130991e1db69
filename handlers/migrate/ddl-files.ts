import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type DdlFile = { readonly file: string; readonly text: string };

/**
 * The DDL of every table, as packed into the zip beside the handler: schemas/tables/*.sql, then the table.sql of each
 * Spark table, in order of names. Tables do not refer to each other; the order only makes two runs alike.
 */
export function readDdlFiles(root: string): DdlFile[] {
  const files = [...sqlFiles(root, "schemas/tables"), ...sparkTables(root)];
  return files.map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
}

/** Every view, as packed into the zip: schemas/views/*.sql. Each names tables only, so that their order is no matter. */
export function readViewFiles(root: string): DdlFile[] {
  return sqlFiles(root, "schemas/views").map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
}

function sqlFiles(root: string, folder: string): string[] {
  return namesIn(root, folder)
    .filter((name) => name.endsWith(".sql"))
    .map((name) => `${folder}/${name}`);
}

/** spark/<layer>/<table>/table.sql */
function sparkTables(root: string): string[] {
  return namesIn(root, "spark")
    .flatMap((layer) => namesIn(root, `spark/${layer}`).map((table) => `spark/${layer}/${table}`))
    .filter((folder) => namesIn(root, folder).includes("table.sql"))
    .map((folder) => `${folder}/table.sql`);
}

/** Names in a folder, sorted; none when there is no such folder. */
function namesIn(root: string, folder: string): string[] {
  try {
    return readdirSync(join(root, folder)).sort();
  } catch {
    return [];
  }
}
