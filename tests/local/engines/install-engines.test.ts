import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { interrupted, type RunCommand } from "../../../local/engines/install/run-command.ts";
import { installEngines } from "../../../local/engines/install-engines.ts";

let cacheDir = "";
let javaHome = "";
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "wikilake-install-"));
  javaHome = join(cacheDir, "fake-java");
  await mkdir(join(javaHome, "bin"), { recursive: true });
  await writeFile(join(javaHome, "bin", "java"), "");
  await writeFile(join(javaHome, "release"), 'JAVA_VERSION="17.0.1"\n');
});
afterEach(() => rm(cacheDir, { recursive: true }));

const install = (run: RunCommand, signal?: AbortSignal) =>
  installEngines({ cacheDir, env: { WIKILAKE_JAVA_17: javaHome }, run, parts: ["kafka"], signal });
const mavenSays =
  (output: string): RunCommand =>
  async ({ command }) =>
    command === "mvn" ? { kind: "failed", exitCode: 1, output } : { kind: "done", output: "" };
const leftovers = async (): Promise<readonly string[]> =>
  (await readdir(cacheDir)).filter((name) => name !== "fake-java" && name !== "staging");

describe("an installation that cannot go on", () => {
  test.each([
    ["without Maven", (async () => ({ kind: "missing" })) satisfies RunCommand, "MAVEN_MISSING"],
    ["without a network", mavenSays("Unknown host repo.maven.apache.org"), "NETWORK_UNREACHABLE"],
    ["on a full disk", mavenSays("java.io.IOException: No space left on device"), "DISK_FULL"],
  ])("%s says so, and leaves neither a lock nor half a component", async (_, run, code) => {
    await expect(install(run)).rejects.toMatchObject({ code });
    expect(await leftovers()).toEqual([]);
    expect(await readdir(join(cacheDir, "staging"))).toEqual([]);
  });

  test("stopped by the person ends as interrupted", async () => {
    const stop = new AbortController();
    const run: RunCommand = async ({ command }) => {
      if (command !== "mvn") return { kind: "done", output: "" };
      stop.abort();
      throw interrupted();
    };
    await expect(install(run, stop.signal)).rejects.toMatchObject({ code: "INSTALL_INTERRUPTED" });
    expect(await leftovers()).toEqual([]);
  });
});

test("a download that differs from its checksum is fetched once more, then refused", async () => {
  let fetches = 0;
  const run: RunCommand = async ({ command, args }) => {
    const target = args.find((argument) => argument.startsWith("-DoutputDirectory="))?.split("=")[1];
    if (command === "mvn" && target !== undefined) {
      fetches += 1;
      await writeFile(join(target, "ecj-3.33.0.jar"), "not what it should be");
      await mkdir(join(cacheDir, "m2"), { recursive: true });
    }
    return { kind: "done", output: "" };
  };
  await expect(install(run)).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
    message: expect.stringContaining("ecj-3.33.0.jar (size)"),
  });
  expect(fetches).toBe(2);
});
