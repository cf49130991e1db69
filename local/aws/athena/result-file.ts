/** One row as Athena shows it: texts, and undefined for NULL. */
export type TextRow = readonly (string | undefined)[];

/** The CSV that Athena writes: every value quoted, NULL empty, a header, a newline behind the last line as well. */
export function toCsv(header: readonly string[], rows: readonly TextRow[]): string {
  return [header, ...rows].map((row) => `${row.map(csvValue).join(",")}\n`).join("");
}

const csvValue = (value: string | undefined): string => (value === undefined ? "" : `"${value.replaceAll('"', '""')}"`);

/** Reads that CSV back, the header left out. An empty field is NULL, `""` an empty text. */
export function fromCsv(text: string): TextRow[] {
  const rows: (string | undefined)[][] = [];
  let row: (string | undefined)[] = [];
  const field = /(?:"([^"]*(?:""[^"]*)*)")?(,|\n)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) break;
    row.push(found[1]?.replaceAll('""', '"'));
    if (found[2] === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows.slice(1);
}

/** The text file of listings and DDL: columns joined by tabs, rows by newlines. */
export const toLines = (rows: readonly TextRow[]): string =>
  rows.map((row) => row.map((value) => value ?? "").join("\t")).join("\n");

export const fromLines = (text: string): TextRow[] => (text === "" ? [] : text.split("\n").map((line) => [line]));
