import { WrongUse } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Format, formatRows, formats } from "../query/format-rows.ts";
import { readNamedQueries } from "../query/named-queries.ts";
import { createQueryRunner } from "../query/run-query.ts";
import { resolveTarget, type Target, type TargetOptions } from "../target.ts";

export type SqlOptions = TargetOptions & {
  readonly format: string;
  readonly maxRows: string;
  readonly query?: string;
  readonly list?: boolean;
};

/** Rows shown when nobody says otherwise: more is rarely read, and `--max-rows 0` gives all. */
export const defaultMaxRows = 1000;

/** `wikilake sql`: rows on standard output, cost and warnings on standard error, so that pipes stay clean. */
export async function sqlCommand(given: string | undefined, options: SqlOptions): Promise<number> {
  const format = formats.find((known): known is Format => known === options.format);
  if (!format) throw new WrongUse(`--format ${options.format}: choose one of ${formats.join(", ")}`);
  const maxRows = Number(options.maxRows);
  if (!Number.isInteger(maxRows) || maxRows < 0) throw new WrongUse("--max-rows needs a whole number; 0 means all");
  const asked = [given?.trim(), options.query, options.list].filter(Boolean).length;
  if (asked !== 1)
    throw new WrongUse(
      'say what to ask: wikilake sql "select count(*) from bronze.raw_events", or --query NAME, or --list',
    );
  const target = resolveTarget(options);
  if (options.list) return listQueries(target, format);
  const statement = options.query === undefined ? (given ?? "") : await namedStatement(target, options.query);
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort());
  const result = await createQueryRunner(target)(statement, {
    maxRows: maxRows === 0 ? Number.POSITIVE_INFINITY : maxRows,
    signal: abort.signal,
    onWaiting: (seconds) =>
      process.stderr.isTTY && seconds > 2 && process.stderr.write(`\rrunning, ${seconds.toFixed(0)} s `),
  });
  if (result.columns.length > 0) console.log(formatRows(result, format));
  const cut = result.isCut ? `, cut at ${maxRows} rows (--max-rows 0 for all)` : "";
  console.error(
    `${result.rows.length} rows, ${formatBytes(result.bytesScanned)} scanned, ${result.seconds.toFixed(1)} s${cut}`,
  );
  return exitCodes.ok;
}

async function listQueries(target: Target, format: Format): Promise<number> {
  const queries = await readNamedQueries(target);
  const rows = queries.map(({ name, question }) => [name, question]);
  console.log(formatRows({ columns: ["name", "question"], rows }, format));
  return exitCodes.ok;
}

/** The statement as the lake keeps it: what runs is what its people see in Athena. Throws WrongUse for an unknown name. */
async function namedStatement(target: Target, name: string): Promise<string> {
  const queries = await readNamedQueries(target);
  const found = queries.find((query) => query.name === name);
  if (found === undefined) throw new WrongUse(`no query is named ${JSON.stringify(name)}; --list shows all`);
  return found.sql;
}

const formatBytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
