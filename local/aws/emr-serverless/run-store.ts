import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type JobRun, jobRunSchema } from "./job-run.ts";

/** All runs, newest last; each is a file that survives a restart. */
export type RunStore = {
  save(run: JobRun): void;
  find(jobRunId: string): JobRun | undefined;
  all(): readonly JobRun[];
};

/** AWS lists runs of the last 90 days; a laptop's cycles every few minutes fill that many files in a month. */
const maxKept = 5000;

/** Files below `<stateDir>/runtime/emr/runs/`. */
export function createRunStore(stateDir: string): RunStore {
  const dir = path.join(stateDir, "runtime", "emr", "runs");
  mkdirSync(dir, { recursive: true });
  const names = readdirSync(dir).filter((name) => name.endsWith(".json"));
  const loaded = names
    .map((name) => jobRunSchema.parse(JSON.parse(readFileSync(path.join(dir, name), "utf8"))))
    .sort((a, b) => a.createdMs - b.createdMs)
    .slice(-maxKept);
  const runs = new Map(loaded.map((run) => [run.jobRunId, run]));
  return {
    save: (run) => {
      runs.set(run.jobRunId, run);
      const file = path.join(dir, `${run.jobRunId}.json`);
      writeFileSync(`${file}.new`, JSON.stringify(run));
      renameSync(`${file}.new`, file);
    },
    find: (jobRunId) => runs.get(jobRunId),
    all: () => [...runs.values()],
  };
}
