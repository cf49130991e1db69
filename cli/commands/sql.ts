import { WrongUse } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Format, formatRows, formats } from "../query/format-rows.ts";
import { createQueryRunner } from "../query/run-query.ts";
import { resolveTarget, type TargetOptions } from "../target.ts";

export type SqlOptions = TargetOptions & { readonly format: string; readonly maxRows: string };

/** Rows shown when nobody says otherwise: more is rarely read, and `--max-rows 0` gives all. */
export const defaultMaxRows = 1000;

/** `wikilake sql`: rows on standard output, cost and warnings on standard error, so that pipes stay clean. */
export async function sqlCommand(statement: string, options: SqlOptions): Promise<number> {
  const format = formats.find((known): known is Format => known === options.format);
  if (!format) throw new WrongUse(`--format ${options.format}: choose one of ${formats.join(", ")}`);
  const maxRows = Number(options.maxRows);
  if (!Number.isInteger(maxRows) || maxRows < 0) throw new WrongUse("--max-rows needs a whole number; 0 means all");
  if (statement.trim() === "")
    throw new WrongUse('say what to ask, as in: wikilake sql "select count(*) from bronze.raw_events"');
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort());
  const result = await createQueryRunner(resolveTarget(options))(statement, {
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

const formatBytes = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
