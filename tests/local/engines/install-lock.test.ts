import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { withInstallLock } from "../../../local/engines/install/install-lock.ts";
import type { ProgressEvent } from "../../../local/engines/install/progress.ts";

let cacheDir = "";
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "wikilake-lock-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

const quiet = { progress: () => undefined };

test("two starts install one after the other", async () => {
  const order: string[] = [];
  const install = (name: string) =>
    withInstallLock({ cacheDir, ...quiet }, async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} ends`);
    });
  await Promise.all([install("one"), install("two")]);
  expect(order.map((entry) => entry.split(" ")[1])).toEqual(["begins", "ends", "begins", "ends"]);
  expect(await readdir(cacheDir)).toEqual([]);
});

test("the lock is given back when the installation fails", async () => {
  const failing = withInstallLock({ cacheDir, ...quiet }, () => Promise.reject(new Error("no network")));
  await expect(failing).rejects.toThrow("no network");
  expect(await withInstallLock({ cacheDir, ...quiet }, async () => "went on")).toBe("went on");
});

test("the lock of a start that died is taken over", async () => {
  await writeFile(join(cacheDir, "install.lock"), JSON.stringify({ pid: 4_000_000, startedAt: "long ago" }));
  expect(await withInstallLock({ cacheDir, ...quiet }, async () => "mine")).toBe("mine");
});

test("the lock of a dead start is taken over although its process number is in use again", async () => {
  await writeFile(join(cacheDir, "install.lock"), JSON.stringify({ pid: process.pid, startedAt: "another time" }));
  expect(await withInstallLock({ cacheDir, ...quiet }, async () => "mine")).toBe("mine");
});

test("a lock file that was never finished is taken over once it is old", async () => {
  const path = join(cacheDir, "install.lock");
  await writeFile(path, "");
  await utimes(path, 0, 0);
  expect(await withInstallLock({ cacheDir, ...quiet }, async () => "mine")).toBe("mine");
});

test("waiting for a living start is said once, and can be stopped", async () => {
  const holder = { pid: 4_000_000, startedAt: "now" };
  await writeFile(join(cacheDir, "install.lock"), JSON.stringify(holder));
  const stop = new AbortController();
  const events: ProgressEvent[] = [];
  const waiting = withInstallLock(
    {
      cacheDir,
      progress: (event) => {
        events.push(event);
        stop.abort();
      },
      signal: stop.signal,
      identify: async (pid) => ({ pid, startedAt: "now", commandLine: "" }),
    },
    async () => undefined,
  );
  await expect(waiting).rejects.toMatchObject({ code: "INSTALL_INTERRUPTED" });
  expect(events).toHaveLength(1);
  expect(await readdir(cacheDir)).toEqual(["install.lock"]);
});
