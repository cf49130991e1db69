import { expect, test } from "@jest/globals";
import { findPython, requirePython } from "../../../local/engines/install/find-python.ts";
import type { CommandResult, RunCommand } from "../../../local/engines/install/run-command.ts";

const machine =
  (programs: Readonly<Record<string, CommandResult>>): RunCommand =>
  async ({ command }) =>
    programs[command] ?? { kind: "missing" };
const done = (output: string): CommandResult => ({ kind: "done", output });
const noVenv = (version: string): CommandResult => ({
  kind: "failed",
  exitCode: 1,
  output: `${version}\nModuleNotFoundError: No module named 'ensurepip'`,
});

test("the first Python that is new enough and can make a venv is taken", async () => {
  const run = machine({ python3: done("3.8.10"), "python3.11": done("3.11.7") });
  expect(await findPython(run, {})).toEqual({ kind: "found", python: { command: "python3.11", version: "3.11.7" } });
});

test("one that is named is asked first", async () => {
  const run = machine({ python3: done("3.11.7"), "/opt/py": done("3.12.1") });
  expect(await findPython(run, { WIKILAKE_PYTHON: "/opt/py" })).toMatchObject({ python: { command: "/opt/py" } });
});

test("a Python without venv is told from no Python at all", async () => {
  const withoutVenv = await findPython(machine({ python3: noVenv("3.11.2") }), {});
  expect(() => requirePython(withoutVenv)).toThrow(expect.objectContaining({ code: "PYTHON_VENV_MISSING" }));
  const none = await findPython(machine({}), {});
  expect(() => requirePython(none)).toThrow(expect.objectContaining({ code: "PYTHON_MISSING" }));
});

test("Python 2 is no Python", async () => {
  expect(await findPython(machine({ python: done("2.7.18") }), {})).toEqual({ kind: "missing" });
});
