import { expect, test } from "@jest/globals";
import type { RunCommand } from "../../../local/engines/install/run-command.ts";
import { type MachineFacts, parseMemAvailable, probeMachine } from "../../../local/engines/probe-machine.ts";

const roomy: MachineFacts = {
  nodeVersion: "v24.1.0",
  availableBytes: async () => 16e9,
  freeDiskBytes: async () => 50e9,
  freePort: async () => 20_001,
};
const nothing: RunCommand = async () => ({ kind: "missing" });
const everything: RunCommand = async ({ command }) => ({
  kind: "done",
  output: command === "mvn" ? "Apache Maven 3.9.0" : "3.11.7",
});
const bare = { cacheDir: "/nonexistent/wikilake", env: { WIKILAKE_JAVA: "wheel" } };
const statusOf = async (run: RunCommand, facts: MachineFacts) => {
  const { probes } = await probeMachine({ ...bare, run }, facts);
  return Object.fromEntries(probes.map(({ id, status }) => [id, status]));
};

test("with Maven and Python at hand, the rest is fetched at the first start", async () => {
  const report = await probeMachine({ ...bare, run: everything }, roomy);
  expect(report.ready).toBe(true);
  expect(await statusOf(everything, roomy)).toMatchObject({
    "java-17": "fetchable",
    maven: "found",
    cache: "fetchable",
  });
});

test("a machine without any of it is told what to install for each", async () => {
  const report = await probeMachine({ ...bare, run: nothing }, roomy);
  expect(report.ready).toBe(false);
  const missing = report.probes.filter(({ status }) => status === "missing");
  expect(missing.map(({ id }) => id)).toEqual(["java-17", "java-25", "maven", "python"]);
  for (const { remedy } of missing) expect(remedy).toMatch(/install/i);
});

test("an old Node, a small machine, a full disk and shut ports are found", async () => {
  const poor: MachineFacts = {
    nodeVersion: "v20.19.0",
    availableBytes: async () => 2e9,
    freeDiskBytes: async () => 1e9,
    freePort: () => Promise.reject(new Error("EACCES")),
  };
  expect(await statusOf(everything, poor)).toMatchObject({
    node: "missing",
    memory: "missing",
    disk: "missing",
    ports: "missing",
  });
});

test("the report survives being written as JSON", async () => {
  const report = await probeMachine({ ...bare, run: nothing }, roomy);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test("Linux says how much memory is available", () => {
  expect(parseMemAvailable("MemTotal: 100 kB\nMemAvailable:      50 kB\n")).toBe(51_200);
  expect(parseMemAvailable("")).toBeUndefined();
});
