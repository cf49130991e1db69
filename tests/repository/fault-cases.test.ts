import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = path.resolve(import.meta.dirname, "../..");
const rows = readFileSync(path.join(root, "docs/fault-cases.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (–|[\d, ]+) \|/.test(line))
  .map((line) => {
    const [number = "", name = "", , , tests = ""] = line.slice(2, -2).split(" | ");
    return { number, name, tests };
  });

/** The last column: a file or folder in backquotes, then its tests, apart by ` · `. */
function namedTests(text: string): { readonly file: string; readonly name: string }[] {
  let file = "";
  return text.split(" · ").map((part) => {
    // A file alone is all of its tests.
    const [, own, name = own === undefined ? part : ""] = /^`([^`]+)`(?: › (.+))?$/.exec(part) ?? [];
    file = own ?? file;
    return { file, name };
  });
}

function textOf(name: string): string {
  const place = path.join(root, name);
  if (!statSync(place).isDirectory()) return readFileSync(place, "utf8");
  return readdirSync(place)
    .map((entry) => readFileSync(path.join(place, entry), "utf8"))
    .join("\n");
}

describe("the list of fault cases", () => {
  test("has every case of the path once", () => {
    const numbers = rows.flatMap(({ number }) => (number === "–" ? [] : number.split(", ").map(Number)));
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test.each(rows.filter(({ tests }) => tests !== "–"))("names tests that exist: $name", ({ tests }) => {
    const missing = namedTests(tests).filter(({ file, name }) => !textOf(file).includes(name));
    expect(missing).toEqual([]);
  });

  test("leaves one to the first deployment", () => {
    expect(rows.filter(({ tests }) => tests === "–").map(({ number }) => number)).toEqual(["26"]);
  });
});
