import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseDuration, parsePositive } from "../../cli/duration.ts";
import { formatRows, visible } from "../../cli/query/format-rows.ts";
import { expandLayerNames } from "../../schemas/queries/layer-names.ts";

const database = (layer: string): string => `wikilake_local_${layer}`;

describe("layer names in a statement", () => {
  test("stand for the stage's databases", () => {
    expect(expandLayerNames("select 1 from bronze.raw_events b join gold . hourly_stats", database)).toBe(
      'select 1 from "wikilake_local_bronze".raw_events b join "wikilake_local_gold" . hourly_stats',
    );
  });

  test("are left alone in texts, quoted names, comments and further right in a name", () => {
    const sql = `select 'bronze.x', "gold.y", t.silver.z -- ops.a\n/* live.b */`;
    expect(expandLayerNames(sql, database)).toBe(sql);
  });

  test("never change a text literal, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const literal = `'${text.replaceAll("'", "''")}'`;
        expect(expandLayerNames(`select ${literal}`, database)).toBe(`select ${literal}`);
      }),
    );
  });
});

describe("rows for a person", () => {
  const rows = {
    columns: ["name", "n"],
    rows: [
      ["日本", "1"],
      ["=cmd()", undefined],
    ],
  };

  test("line up in a table, wide characters counted twice, NULL as a dash", () => {
    expect(formatRows(rows, "table").split("\n")).toEqual(["name    n", "──────  ─", "日本    1", "=cmd()  –"]);
  });

  test("cannot run as a formula in a spreadsheet", () => {
    expect(formatRows(rows, "csv")).toBe("name,n\n日本,1\n'=cmd(),");
    expect(formatRows({ columns: ["a"], rows: [["-12.5"], ['a"b,c']] }, "csv")).toBe('a\n-12.5\n"a""b,c"');
  });

  test("keep NULL apart from empty text in JSON", () => {
    expect(JSON.parse(formatRows({ columns: ["a", "b"], rows: [["", undefined]] }, "json"))).toEqual([
      { a: "", b: null },
    ]);
  });

  test("cannot move the cursor or turn the writing direction", () => {
    expect(visible("a\u001b[2Jb\u202ec")).toBe("a\\u{1b}[2Jb\\u{202e}c");
  });
});

describe("options with numbers and times", () => {
  test("read seconds, minutes and hours", () => {
    expect([parseDuration("--for", "90s"), parseDuration("--for", "1.5m"), parseDuration("--for", "2h")]).toEqual([
      90_000, 90_000, 7_200_000,
    ]);
  });

  test.each(["", "10", "ten", "-1s", "10d"])("refuse %j as a time, saying what to type", (text) => {
    expect(() => parseDuration("--for", text)).toThrow("90s, 10m or 2h");
  });

  test.each(["", "0", "-1", "1e400", "many"])("refuse %j as a number", (text) => {
    expect(() => parsePositive("--events", text)).toThrow("above 0");
  });
});
