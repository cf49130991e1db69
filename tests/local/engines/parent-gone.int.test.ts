import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { identifyProcess } from "../../../local/engines/process-identity.ts";

/** A first run fetches the engines. */
jest.setTimeout(600_000);

const outputSchema = z.object({ processes: z.array(z.object({ name: z.string(), pid: z.number() })) });

let stateDir = "";
beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-parent-"));
});
afterAll(() => rm(stateDir, { recursive: true, force: true }));

/** Starts engines by hand, as a person would, and reads the processes out of what it prints. */
async function startByHand() {
  const main = join(import.meta.dirname, "../../../local/engines/main.ts");
  const child = spawn(process.execPath, [main, "--state", stateDir, "--only", "catalog,kafka"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.endsWith("}\n")) break;
  }
  return { child, processes: outputSchema.parse(JSON.parse(output)).processes };
}

async function allGone(pids: readonly number[]): Promise<void> {
  for (const pid of pids) while ((await identifyProcess(pid)) !== undefined) await sleep(100);
}

test("engines end with the program that started it, killed -9, and the next start goes on", async () => {
  const first = await startByHand();
  first.child.kill("SIGKILL");
  await allGone(first.processes.map(({ pid }) => pid));

  const second = await startByHand();
  expect(second.processes.map(({ name }) => name)).toEqual(["catalog", "kafka"]);
  const exited = new Promise((resolve) => second.child.once("exit", resolve));
  second.child.kill("SIGINT");
  expect(await exited).toBe(0);
  await allGone(second.processes.map(({ pid }) => pid));
});
