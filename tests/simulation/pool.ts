import { availableParallelism } from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Job } from "./jobs.ts";

export type Pool = {
  /** What is wrong, in words; nothing when all is well. Jobs begin in the order in which they are given. */
  run(job: Job): Promise<readonly string[]>;
  close(): Promise<void>;
};

type Waiting = {
  readonly job: Job;
  readonly resolve: (answer: readonly string[]) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * A thread for each core. The threads are Node's own, without the module wrapping of the test runner, in which the same
 * worlds take twice the time.
 */
export function createPool(threads = availableParallelism()): Pool {
  const waiting: Waiting[] = [];
  const workers: Worker[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Waiting>();
  const next = (worker: Worker): void => {
    const one = waiting.shift();
    if (one === undefined) return void idle.push(worker);
    busy.set(worker, one);
    worker.postMessage(one.job);
  };
  const start = (): void => {
    const worker = new Worker(path.join(import.meta.dirname, "worker.ts"), { execArgv: ["--no-warnings"] });
    workers.push(worker);
    worker.on("message", (answer: readonly string[]) => {
      busy.get(worker)?.resolve(answer);
      busy.delete(worker);
      next(worker);
    });
    worker.on("error", (error) => {
      for (const one of [...busy.values(), ...waiting.splice(0)]) one.reject(error);
    });
    next(worker);
  };
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject });
        const worker = idle.pop();
        if (worker !== undefined) next(worker);
        else if (workers.length < threads) start();
      }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Seeds that one thread runs before it is given others: a second's work, so that none is left with much at the end. */
const chunk = 5;
/** More failing seeds than this say the same thing. */
const maxReports = 3;

/** Runs all seeds from one to the other; answers reports of the first that failed. */
export async function runSeeds(pool: Pool, from: number, to: number): Promise<readonly string[]> {
  const reports: string[] = [];
  let next = from;
  const lane = async (): Promise<void> => {
    while (next <= to && reports.length < maxReports) {
      const first = next;
      next += chunk;
      reports.push(...(await pool.run({ kind: "seeds", from: first, to: Math.min(first + chunk - 1, to) })));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return reports;
}
