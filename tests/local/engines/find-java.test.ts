import { describe, expect, test } from "@jest/globals";
import { type FindJavaDeps, findJava, parseRelease } from "../../../local/engines/install/find-java.ts";

type Machine = { readonly env?: NodeJS.ProcessEnv; readonly homes: Readonly<Record<string, string>> };

const depsOf = ({ env = {}, homes }: Machine): FindJavaDeps => ({
  env,
  listFolder: async (folder) =>
    Object.keys(homes)
      .filter((home) => home.startsWith(`${folder}/`))
      .map((home) => home.slice(folder.length + 1).split("/")[0] ?? ""),
  readRelease: async (home) => (homes[home] === undefined ? undefined : `JAVA_VERSION="${homes[home]}"\n`),
});

describe("looking for a Java", () => {
  test("takes exactly the version asked for out of several", async () => {
    const homes = { "/usr/lib/jvm/a": "21.0.1", "/usr/lib/jvm/b": "17.0.15", "/usr/lib/jvm/c": "25" };
    expect(await findJava(17, depsOf({ homes }))).toMatchObject({ home: "/usr/lib/jvm/b", version: "17.0.15" });
    expect(await findJava(25, depsOf({ homes }))).toMatchObject({ home: "/usr/lib/jvm/c", origin: "system" });
  });

  test("asks the one that is named before all others", async () => {
    const homes = { "/usr/lib/jvm/a": "17.0.1", "/mine": "17.0.2" };
    const env = { WIKILAKE_JAVA_17: "/mine" };
    expect(await findJava(17, depsOf({ env, homes }))).toMatchObject({ home: "/mine" });
  });

  test("does not believe a name: JAVA_HOME of another version is passed over", async () => {
    expect(await findJava(17, depsOf({ env: { JAVA_HOME: "/new" }, homes: { "/new": "25.0.1" } }))).toBeUndefined();
  });

  test("finds macOS's bundles and SDKMAN's folders", async () => {
    const mac = "/Library/Java/JavaVirtualMachines/temurin-17.jdk/Contents/Home";
    expect(await findJava(17, depsOf({ homes: { [mac]: "17.0.9" } }))).toMatchObject({ home: mac });
    const sdkman = "/home/a/.sdkman/candidates/java/17.0.9-tem";
    expect(await findJava(17, depsOf({ env: { HOME: "/home/a" }, homes: { [sdkman]: "17.0.9" } }))).toMatchObject({
      home: sdkman,
    });
  });

  test("finds nothing when the packaged one is asked for", async () => {
    const env = { WIKILAKE_JAVA: "wheel" };
    expect(await findJava(17, depsOf({ env, homes: { "/usr/lib/jvm/a": "17.0.1" } }))).toBeUndefined();
  });
});

test("the version is read out of a release file", () => {
  expect(parseRelease('IMPLEMENTOR="x"\nJAVA_VERSION="17.0.15"\n')).toBe("17.0.15");
  expect(parseRelease("nothing of use")).toBeUndefined();
  expect(parseRelease(undefined)).toBeUndefined();
});
