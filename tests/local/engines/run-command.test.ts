import { expect, test } from "@jest/globals";
import { runCommand } from "../../../local/engines/install/run-command.ts";

const node = (code: string) => ({ command: process.execPath, args: ["-e", code] });

test("a program that succeeds gives what it said on both streams", async () => {
  const result = await runCommand(node("console.log('out'); console.error('err')"));
  expect(result.kind).toBe("done");
  expect(result).toHaveProperty("output", expect.stringMatching(/out/));
  expect(result).toHaveProperty("output", expect.stringMatching(/err/));
});

test("a program that fails is a value with its exit code", async () => {
  expect(await runCommand(node("console.log('why'); process.exit(7)"))).toEqual({
    kind: "failed",
    exitCode: 7,
    output: "why",
  });
});

test("a program that does not exist is a value too", async () => {
  expect(await runCommand({ command: "wikilake-no-such-program", args: [] })).toEqual({ kind: "missing" });
});

test("an abort ends the program and the children it has started", async () => {
  const stop = new AbortController();
  let grandchild = 0;
  const code = `const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    console.log(c.pid); setInterval(() => {}, 1000);`;
  const onLine = (line: string): void => {
    grandchild = Number(line);
    stop.abort();
  };
  await expect(runCommand({ ...node(code), signal: stop.signal, onLine })).rejects.toMatchObject({
    code: "INSTALL_INTERRUPTED",
  });
  expect(grandchild).toBeGreaterThan(0);
  expect(await endsSoon(grandchild)).toBe(true);
});

test("nothing is started once the abort has come", async () => {
  const started = runCommand({ ...node("process.exit(0)"), signal: AbortSignal.abort() });
  await expect(started).rejects.toMatchObject({ code: "INSTALL_INTERRUPTED" });
});

/** A killed process stays visible until its new parent has collected it. */
async function endsSoon(pid: number): Promise<boolean> {
  for (let look = 0; look < 100; look += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
