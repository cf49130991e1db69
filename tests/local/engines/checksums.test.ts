import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Checksum,
  computeChecksums,
  findMismatches,
  formatChecksums,
  parseChecksums,
  totalBytes,
} from "../../../local/engines/install/checksums.ts";

const digest = (character: string): string => character.repeat(64);
const checksum = (character: string, bytes: number): Checksum => ({ sha256: digest(character), bytes });

describe("a checksum list", () => {
  test("is read as it was written, comments aside", () => {
    const checksums = new Map([
      ["b.jar", checksum("b", 2)],
      ["a.jar", checksum("a", 1)],
    ]);
    const text = `# a comment\n${formatChecksums(checksums)}`;
    expect(parseChecksums(text)).toEqual(checksums);
    expect(text.indexOf("a.jar")).toBeLessThan(text.indexOf("b.jar"));
    expect(totalBytes(checksums)).toBe(3);
  });

  test.each(["nonsense", `${digest("a")} 12`, `${digest("a")} twelve a.jar`, `${digest("a")} 12 ../../etc/passwd`])(
    "is refused with CHECKSUMS_INVALID when a line is %p",
    (line) => {
      expect(() => parseChecksums(line)).toThrow(expect.objectContaining({ code: "CHECKSUMS_INVALID" }));
    },
  );
});

describe("comparing files with the list", () => {
  const expected = new Map([
    ["a.jar", checksum("a", 1)],
    ["b.jar", checksum("b", 2)],
  ]);

  test("finds nothing wrong when all are as listed", () => {
    expect(findMismatches(new Map(expected), expected)).toEqual([]);
  });

  test("names what is missing, unexpected, of another size or of other content", () => {
    const actual = new Map([
      ["a.jar", checksum("f", 1)],
      ["c.jar", checksum("c", 3)],
    ]);
    expect(findMismatches(actual, expected)).toEqual([
      { file: "a.jar", problem: "digest" },
      { file: "b.jar", problem: "missing" },
      { file: "c.jar", problem: "unexpected" },
    ]);
    expect(findMismatches(new Map([...expected, ["b.jar", checksum("b", 1)]]), expected)).toEqual([
      { file: "b.jar", problem: "size" },
    ]);
  });
});

describe("files on disk", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wikilake-checksums-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("give their SHA-256 and size", async () => {
    await writeFile(join(folder, "abc.txt"), "abc");
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(await computeChecksums(folder)).toEqual(new Map([["abc.txt", { sha256, bytes: 3 }]]));
  });
});
