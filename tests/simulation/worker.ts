import { parentPort } from "node:worker_threads";
import { type Job, runJob } from "./jobs.ts";

/* One thread of the pool: runs what it is given, one job after the other. */
parentPort?.on("message", async (job: Job) => {
  parentPort?.postMessage(await runJob(job));
});
