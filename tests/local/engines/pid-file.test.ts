import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ProcessIdentity } from "../../../local/engines/process-identity.ts";
import {
  createPidKeeper,
  isLeftover,
  readPidFile,
  reapLeftovers,
  writePidFile,
} from "../../../local/engines/run/pid-file.ts";

let stateDir = "";
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-pids-"));
});
afterEach(() => rm(stateDir, { recursive: true }));

const record = { name: "kafka", pid: 100, startedAt: "t1" };
const owner = { name: "wikilake", pid: 99, startedAt: "t0" };
const alive =
  (...processes: readonly ProcessIdentity[]) =>
  async (pid: number) =>
    processes.find((process) => process.pid === pid);
const engine = (startedAt: string, commandLine: string): ProcessIdentity => ({ pid: 100, startedAt, commandLine });

describe("a process found under a recorded number", () => {
  test("is ours when start time and state folder agree", () => {
    expect(isLeftover(record, engine("t1", "java -Dx=/state/engines/kafka"), "/state")).toBe(true);
  });
  test("is not ours when it was started at another time", () => {
    expect(isLeftover(record, engine("t2", "java -Dx=/state/engines/kafka"), "/state")).toBe(false);
  });
  test("is not ours when its command line does not name our folder", () => {
    expect(isLeftover(record, engine("t1", "vim notes.txt"), "/state")).toBe(false);
  });
  test("is not there when it has ended", () => {
    expect(isLeftover(record, undefined, "/state")).toBe(false);
  });
});

describe("reaping", () => {
  const reap = async (identify: (pid: number) => Promise<ProcessIdentity | undefined>) => {
    const killed: number[] = [];
    await reapLeftovers(stateDir, { identify, kill: (pid) => killed.push(pid) });
    return killed;
  };

  test("ends what an earlier run left, and only that", async () => {
    const other = { name: "trino", pid: 101, startedAt: "t1" };
    await writePidFile(stateDir, { owner, engines: [record, other] });
    const stranger = { pid: 101, startedAt: "t9", commandLine: "someone else's" };
    expect(await reap(alive(engine("t1", `java ${stateDir}/x`), stranger))).toEqual([100]);
  });

  test("refuses while the earlier run is alive", async () => {
    await writePidFile(stateDir, { owner, engines: [record] });
    const running = { pid: 99, startedAt: "t0", commandLine: "node" };
    await expect(reap(alive(running, engine("t1", `java ${stateDir}/x`)))).rejects.toMatchObject({
      code: "STATE_IN_USE",
    });
  });

  test("goes on when the run's number belongs to another program now", async () => {
    await writePidFile(stateDir, { owner, engines: [record] });
    const other = { pid: 99, startedAt: "t5", commandLine: "bash" };
    expect(await reap(alive(other, engine("t1", `java ${stateDir}/x`)))).toEqual([100]);
  });

  test.each(["", "{", '{"engines":[{"pid":-1}]}'])("takes the unreadable list %p for none", async (text) => {
    await writePidFile(stateDir, { owner, engines: [] });
    await writeFile(join(stateDir, "engines", "pids.json"), text);
    expect(await reap(alive())).toEqual([]);
  });
});

test("on a disk that cannot be written an engine can be struck off, but not entered", async () => {
  const keeper = await createPidKeeper(stateDir, async (pid) => ({ pid, startedAt: "t", commandLine: "" }));
  await rm(join(stateDir, "engines"), { recursive: true });
  await writeFile(join(stateDir, "engines"), "no folder any more");
  await expect(keeper.set("s3", 1)).rejects.toMatchObject({ code: expect.stringMatching(/EEXIST|ENOTDIR/) });
  await keeper.set("s3", undefined);
});

test("the keeper's list follows the processes, in order", async () => {
  const identify = async (pid: number): Promise<ProcessIdentity> => ({ pid, startedAt: `t${pid}`, commandLine: "" });
  const keeper = await createPidKeeper(stateDir, identify);
  await Promise.all([keeper.set("s3", 1), keeper.set("kafka", 2)]);
  await keeper.set("s3", undefined);
  await keeper.set("kafka", 3);
  expect(await readPidFile(stateDir)).toEqual({
    owner: { name: "wikilake", pid: process.pid, startedAt: `t${process.pid}` },
    engines: [{ name: "kafka", pid: 3, startedAt: "t3" }],
  });
  expect(await readdir(join(stateDir, "engines"))).toEqual(["pids.json"]);
});
