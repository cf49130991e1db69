import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { PartialFailures } from "../../lib/core/msk-event.ts";
import type { CommitPolicy } from "../../lib/lake/commit-policy.ts";
import { type EmfLine, isEmfLine } from "../support/accounting.ts";

const entry = fileURLToPath(new URL("./writer-main.ts", import.meta.url));

/** What a run can be done without, to show what it is for. */
export type Defence =
  | "overlap-rule"
  | "settle-wait"
  | "send-limit"
  | "resend"
  | "reconcile"
  | "token"
  | "one-slot"
  | "token-of-epoch"
  | "not-exists";

export type WriterOrder = {
  /** As a mapping sends it. */
  readonly event: unknown;
  readonly policy: Partial<CommitPolicy>;
  readonly without: readonly Defence[];
  readonly deadlineInMs: number;
  /** The first statement that this writer looks at is FAILED for it, although it goes on. */
  readonly givesUp: boolean;
};

export type WriterProcess = {
  readonly child: ChildProcess;
  /** The answer, or undefined when it died first. */
  readonly answer: Promise<PartialFailures | undefined>;
  /** Metric lines, as far as they were written before the end. */
  readonly metrics: readonly EmfLine[];
  /** Codes of the log lines. */
  readonly codes: readonly string[];
};

/** One invocation of the bronze writer, in a process that can be killed and stopped. */
export function startWriter(environment: Readonly<Record<string, string>>, order: WriterOrder): WriterProcess {
  // Only its own variables: nothing of the test's environment leaks in.
  const env = { ...environment, PATH: process.env["PATH"] ?? "" } as NodeJS.ProcessEnv;
  const child = spawn(process.execPath, [entry], { env, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => undefined); // killed before it has read its order
  child.stdin.end(JSON.stringify(order));
  const metrics: EmfLine[] = [];
  const codes: string[] = [];
  let answer: PartialFailures | undefined;
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString("utf8")).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const line = JSON.parse(part);
      if (isEmfLine(line)) metrics.push(line);
      else if (typeof line.code === "string") codes.push(line.code);
      else if (line.answer !== undefined) answer = line.answer;
    }
  });
  return { child, metrics, codes, answer: once(child, "close").then(() => answer) };
}
