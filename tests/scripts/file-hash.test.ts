import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { hashFiles, listFiles } from "../../scripts/file-hash.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "wikilake-hash-test-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), content);
}
const hash = (): string => hashFiles(root, listFiles(root));

describe("the hash of files", () => {
  test("tells a changed content, a changed name and a moved boundary apart", () => {
    write("a/x.sql", "one");
    write("b.sql", "two");
    const hashes = [hash()];
    write("b.sql", "three");
    hashes.push(hash());
    rmSync(path.join(root, "b.sql"));
    write("c.sql", "three");
    hashes.push(hash());
    write("a/x.sql", "onet");
    write("c.sql", "hree");
    hashes.push(hash());
    expect(new Set(hashes).size).toBe(4);
  });

  test("does not depend on where the files lie or in which order they are named", () => {
    write("a", "1");
    write("b", "2");
    const files = listFiles(root);
    expect(hashFiles(root, [...files].reverse())).toBe(hashFiles(root, files));
  });

  test("passes over caches and what is not there", () => {
    write("a.py", "1");
    const before = hash();
    write("__pycache__/a.pyc", "junk");
    write("node_modules/x/y.js", "junk");
    expect(hash()).toBe(before);
    expect(listFiles(path.join(root, "nowhere"))).toEqual([]);
  });
});
