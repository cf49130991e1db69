import type { QueryRows } from "./run-query.ts";

export const formats = ["table", "csv", "json"] as const;
export type Format = (typeof formats)[number];
type Rows = Pick<QueryRows, "columns" | "rows">;

/** Control characters and direction marks would let event text rewrite the terminal: they are shown as \u{…}. */
const unsafe = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
export const visible = (text: string): string =>
  text.replaceAll(unsafe, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);

/** Cells longer than this are cut in a table; csv and json keep them whole. */
const maxCell = 60;

export function formatRows(rows: Rows, format: Format): string {
  if (format === "json") return JSON.stringify(asObjects(rows), null, 2);
  if (format === "csv") return [rows.columns, ...rows.rows].map((row) => row.map(csvCell).join(",")).join("\n");
  return formatTable(rows);
}

const asObjects = ({ columns, rows }: Rows): Record<string, string | null>[] =>
  rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])));

/** RFC 4180, and a leading `= + - @` that a spreadsheet would run is made text (plain numbers stay numbers). */
function csvCell(value: string | undefined): string {
  if (value === undefined) return "";
  const isFormula = /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(value);
  const text = isFormula ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function formatTable({ columns, rows }: Rows): string {
  const cells = rows.map((row) => columns.map((_, index) => tableCell(row[index])));
  const widths = columns.map((name, index) => Math.max(width(name), ...cells.map((row) => width(row[index] ?? ""))));
  const isNumeric = columns.map(
    (_, index) =>
      rows.length > 0 && rows.every((row) => row[index] === undefined || /^-?[\d.]+(E-?\d+)?$/.test(row[index])),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => pad(cell, widths[index] ?? 0, isNumeric[index] ?? false))
      .join("  ")
      .trimEnd();
  const rule = widths.map((size) => "─".repeat(size)).join("  ");
  return [line(columns), rule, ...cells.map(line)].join("\n");
}

function tableCell(value: string | undefined): string {
  if (value === undefined) return "–";
  const text = visible(value);
  return text.length > maxCell ? `${text.slice(0, maxCell - 1)}…` : text;
}

const pad = (text: string, size: number, right: boolean): string => {
  const space = " ".repeat(Math.max(0, size - width(text)));
  return right ? space + text : text + space;
};

/** Columns on a terminal: East Asian wide characters take two. */
function width(text: string): number {
  let columns = 0;
  for (const char of text)
    columns += /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\uff00-\uff60]/u.test(char)
      ? 2
      : 1;
  return columns;
}
