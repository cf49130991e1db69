import { spawn } from "node:child_process";
import { expect, test } from "@jest/globals";
import { identifyProcess, parseProcStat, parsePsLine } from "../../../local/engines/process-identity.ts";

const stat = (name: string, state: string): string =>
  `42 (${name}) ${state} 1 42 42 0 -1 4194304 100 0 0 0 5 5 0 0 20 0 30 0 987654 1000000 500`;

test("the start time is field 22, whatever the program calls itself", () => {
  expect(parseProcStat(42, stat("java", "S"), "java\0-jar\0a.jar\0")).toEqual({
    pid: 42,
    startedAt: "987654",
    commandLine: "java -jar a.jar",
  });
  expect(parseProcStat(42, stat("a) R (b c", "R"), "")).toMatchObject({ startedAt: "987654" });
});

test("a zombie is no running process", () => {
  expect(parseProcStat(42, stat("java", "Z"), "")).toBeUndefined();
});

test("a line of ps gives start time and command", () => {
  expect(parsePsLine(7, "Sat Nov 21 15:46:02 2026 /usr/bin/java -jar a b.jar\n")).toEqual({
    pid: 7,
    startedAt: "Sat Nov 21 15:46:02 2026",
    commandLine: "/usr/bin/java -jar a b.jar",
  });
  expect(parsePsLine(7, "\n")).toBeUndefined();
});

test("a process is the same at two looks, and gone when it has ended", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const pid = child.pid ?? 0;
  const first = await identifyProcess(pid);
  expect(first?.commandLine).toContain("setInterval");
  expect(await identifyProcess(pid)).toEqual(first);
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGKILL");
  await closed;
  expect(await identifyProcess(pid)).toBeUndefined();
});
