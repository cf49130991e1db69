import { fork } from "node:child_process";
import path from "node:path";
import { WikilakeError } from "../../lib/platform/errors.ts";

export type SimulatorOptions = {
  readonly rate: number;
  readonly retentionHours: number;
  readonly onExit: (reason: string) => void;
};
export type Simulator = { readonly url: string; stop(): Promise<void> };

/** Wikimedia's own mean; the simulator can do 5,000. */
export const defaultRate = 35;
/** How far back the simulator can be resumed: a night's sleep of a laptop. The real feed keeps at least 7 days. */
export const simulatorHours = 12;

/** A process that does not listen within this time will not. */
const startLimitMs = 15_000;

/** Starts the simulated EventStreams as a process of its own, so that a busy runtime does not slow the feed. */
export async function startSimulator({ rate, retentionHours, onExit }: SimulatorOptions): Promise<Simulator> {
  const program = path.join(import.meta.dirname, "../source/main.ts");
  const flags = ["--rate", String(rate), "--history", String(retentionHours * 3600)];
  const child = fork(program, flags, {
    execArgv: ["--no-warnings=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let isStopping = false;
  child.once("exit", (code) => isStopping || onExit(`the simulator ended with code ${code}`));
  const url = await new Promise<string>((resolve, reject) => {
    const failed = (why: string) =>
      reject(new WikilakeError("SIMULATOR_FAILED", `the simulator did not start: ${why}`, { retriable: true }));
    const timer = setTimeout(() => failed(`no answer in ${startLimitMs / 1000} s`), startLimitMs);
    child.once("message", (message: { url: string }) => {
      clearTimeout(timer);
      resolve(message.url);
    });
    child.once("exit", (code) => failed(`exit code ${code}`));
  });
  return {
    url,
    stop: async () => {
      isStopping = true;
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}
