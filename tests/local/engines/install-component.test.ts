import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type Component, installComponent, isInstalled } from "../../../local/engines/install/install-component.ts";

let cacheDir = "";
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "wikilake-component-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

let builds = 0;
const component = (build: Component["build"]): Component => ({ name: "kafka", fingerprint: "abc", build });
const good = component(async (staging) => {
  builds += 1;
  await writeFile(join(staging, "kafka.jar"), "jar");
});

test("a component is built once and found from then on", async () => {
  builds = 0;
  const folder = await installComponent(cacheDir, good);
  expect(await installComponent(cacheDir, good)).toBe(folder);
  expect(await readFile(join(folder, "kafka.jar"), "utf8")).toBe("jar");
  expect(builds).toBe(1);
});

test("another fingerprint is another component", async () => {
  const folder = await installComponent(cacheDir, good);
  expect(await installComponent(cacheDir, { ...good, fingerprint: "def" })).not.toBe(folder);
});

test.each(["truncated", "deleted"])("a component with a %s file is built again", async (how) => {
  const folder = await installComponent(cacheDir, good);
  await (how === "deleted" ? rm(join(folder, "kafka.jar")) : truncate(join(folder, "kafka.jar"), 1));
  expect(await isInstalled(folder)).toBe(false);
  await installComponent(cacheDir, good);
  expect(await isInstalled(folder)).toBe(true);
});

test("a build that fails leaves nothing behind", async () => {
  const bad = component(async (staging) => {
    await writeFile(join(staging, "half.jar"), "ha");
    throw Object.assign(new Error("write failed"), { code: "ENOSPC" });
  });
  await expect(installComponent(cacheDir, bad)).rejects.toMatchObject({ code: "DISK_FULL" });
  expect(await readdir(join(cacheDir, "staging"))).toEqual([]);
  expect(await readdir(cacheDir)).not.toContain("components");
});

test("what a start that died left in the staging area does not get into the component", async () => {
  await installComponent(
    cacheDir,
    component((staging) => writeFile(join(staging, "x"), "x")),
  );
  const folder = await installComponent(cacheDir, { ...good, fingerprint: "def" });
  expect((await readdir(folder)).sort()).toEqual(["installed.json", "kafka.jar"]);
});
