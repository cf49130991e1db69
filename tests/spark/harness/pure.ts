import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { installEngines } from "../../../local/engines/install-engines.ts";
import { sparkOf } from "../../../local/engines/spark-installation.ts";

export type Fields = Readonly<Record<string, unknown>>;
export type PureHarness = {
  /** What the Python side answers; rejects with its error as text. One question at a time. */
  readonly ask: (command: string, fields: Fields) => Promise<unknown>;
  readonly close: () => void;
};

/** Starts harness/pure.py: those parts of the jobs that need no Spark session. */
export async function startPureHarness(): Promise<PureHarness> {
  const { python } = await sparkOf(await installEngines({ parts: ["spark"] }));
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(python, [`${import.meta.dirname}/pure.py`], { env, stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (command: string, fields: Fields): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify({ command, ...fields })}\n`);
    const answer: unknown = JSON.parse((await answers.next()).value ?? "null");
    if (typeof answer === "object" && answer !== null && "ok" in answer) return answer.ok;
    throw new Error(JSON.stringify(answer));
  };
  return { ask, close: () => child.stdin.end() };
}
