import { describeError } from "../../lib/platform/errors.ts";
import type { Cloud } from "./create-cloud.ts";
import { lagOf } from "./cycle.ts";
import type { Problems } from "./problems.ts";
import type { ShimMonitor } from "./shim-monitor.ts";
import { writeStatusFile } from "./status-file.ts";
import { treeMemoryMiB } from "./tree-memory.ts";

const statusEveryMs = 2000;

/** Writes status.json while the lake runs. */
export function keepStatus(
  stateDir: string,
  cloud: Cloud,
  monitor: ShimMonitor,
  problems: Problems,
): { stop(): Promise<void> } {
  const write = async (): Promise<void> => {
    const service = cloud.ecs.services()[0];
    const runs = cloud.jobs.applications().flatMap(({ id }) => cloud.jobs.list(id));
    const last = runs.toSorted((one, other) => other.createdMs - one.createdMs)[0];
    writeStatusFile(stateDir, {
      at: new Date().toISOString(),
      phase: "running",
      shim: {
        state: service?.state ?? "absent",
        restarts: service?.restarts ?? 0,
        acked: monitor.acked(),
        eventsPerSecond: monitor.eventsPerSecond(),
      },
      lag: await lagOf(cloud),
      lastJob: last && {
        id: last.jobRunId,
        name: last.request.name ?? last.jobRunId,
        state: last.state,
        ...(last.endedMs ? { endedAt: new Date(last.endedMs).toISOString() } : {}),
      },
      memoryMiB: await treeMemoryMiB(process.pid),
      problems: problems.recent(),
    });
  };
  let writing: Promise<void> | undefined;
  const timer = setInterval(() => {
    // A busy broker answers late: looks must not queue up behind each other.
    writing ??= write()
      .catch((error) => problems.add(`status: ${describeError(error)}`))
      .finally(() => {
        writing = undefined;
      });
  }, statusEveryMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await writing;
    },
  };
}
