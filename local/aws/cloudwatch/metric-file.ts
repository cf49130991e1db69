import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../../lib/platform/logger.ts";
import { type MetricStore, metricSnapshotSchema } from "./metric-store.ts";

/** Metrics of the last minute may be lost in a crash; they are shown, nothing is decided by them across a restart. */
const saveEveryMs = 60_000;

export type MetricFile = { /** Writes once more and stops. */ close(): Promise<void> };

/** Fills the store from `runtime/cloudwatch/metrics.json` of the state folder and keeps the file up to date. */
export async function keepMetrics(store: MetricStore, stateDir: string, logger: Logger): Promise<MetricFile> {
  const folder = join(stateDir, "runtime", "cloudwatch");
  const file = join(folder, "metrics.json");
  await restore(store, file, logger);
  const save = async (): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await writeFile(`${file}.part`, JSON.stringify(store.snapshot()));
    await rename(`${file}.part`, file);
  };
  let saving = Promise.resolve();
  const next = (): void => {
    saving = saving.then(save).catch((error) => logger.warn("metrics-not-saved", { error: String(error) }));
  };
  const timer = setInterval(next, saveEveryMs).unref();
  return {
    close: async () => {
      clearInterval(timer);
      next();
      await saving;
    },
  };
}

// A file that cannot be read is no reason not to start: metrics are for looking at.
async function restore(store: MetricStore, file: string, logger: Logger): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    return;
  }
  try {
    store.restore(metricSnapshotSchema.parse(JSON.parse(text)));
  } catch (error) {
    logger.warn("metrics-not-restored", { error: String(error) });
  }
}
