import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";

const root = path.resolve(import.meta.dirname, "../..");
const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
const text = (file: string): string => readFileSync(path.join(root, file), "utf8");

describe("the repository", () => {
  test("records no download address in the lock file", () => {
    expect(text("package-lock.json")).not.toContain('"resolved":');
  });

  // npm leaves out of the lock file what the registry does not have, and `npm ci` then refuses the whole file.
  test("locks the binaries of every platform, so that npm ci accepts the file anywhere", () => {
    const { packages } = JSON.parse(text("package-lock.json")) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    const locked = Object.keys(packages).map((name) => name.slice(name.lastIndexOf("node_modules/") + 13));
    expect(wanted.filter((name) => !locked.includes(name))).toEqual([]);
  });

  test("pins every dependency to one version", () => {
    const manifest = JSON.parse(text("package.json"));
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });

  test("holds no key, token or private certificate", () => {
    const secrets =
      /AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|hooks\.slack\.com\/services\/T[A-Z0-9]+\/B|xox[bp]-\d/;
    expect(
      tracked.filter((file) => /\.(ts|mjs|yml|yaml|json|py|sql|md|sh)$/.test(file) && secrets.test(text(file))),
    ).toEqual([]);
  });

  test("has no default export, no index barrel, no folder of leftovers", () => {
    const sources = tracked.filter((file) => file.endsWith(".ts"));
    expect(sources.filter((file) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(file))).toEqual([]);
    expect(sources.filter((file) => path.basename(file) === "index.ts")).toEqual([]);
  });
});
