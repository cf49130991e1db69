/**
 * Precision and recall of the risk models: on labelled simulated stories, and on a real day where the reverts by others are
 * the labels (bench/risk.py). Prints Markdown tables. `--quick`: fewer simulated events, no real day.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { installEngines } from "../local/engines/install-engines.ts";
import { sparkEnvironment, sparkOf } from "../local/engines/spark-installation.ts";
import { createEventModel, defaultModel } from "../local/source/event-model.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });

/** 2026-09-30 06:00 UTC: hours of one day, and before the harness's own clock. */
const from = Date.UTC(2026, 8, 30, 6) / 1000;
const seed = "risk-evaluation";
const rate = 8;
const seconds = values.quick ? 1500 : 12_000;
const realDay = path.join(import.meta.dirname, "../../shared/data/recentchange_2016-06-27.ndjson.gz");

const folder = await mkdtemp(path.join(tmpdir(), "wikilake-risk-"));
try {
  const model = createEventModel(defaultModel(seed, rate));
  const events = createWriteStream(path.join(folder, "events.ndjson"));
  const labels: Record<string, string> = {};
  for (let second = from; second < from + seconds; second += 1) {
    for (const { eventId, data } of model.eventsOf(second)) if (eventId !== undefined) events.write(`${data}\n`);
    for (const [id, label] of model.labelsOf(second)) labels[id] = label;
  }
  events.end();
  await finished(events);
  await writeFile(path.join(folder, "labels.json"), JSON.stringify(labels));
  const spark = await sparkOf(await installEngines({ parts: ["spark"] }));
  const script = path.join(import.meta.dirname, "risk.py");
  const child = spawn(spark.python, [script, folder, ...(values.quick ? [] : [realDay])], {
    stdio: "inherit",
    env: sparkEnvironment(spark),
  });
  const [code] = await once(child, "exit");
  process.exitCode = Number(code ?? 1);
} finally {
  await rm(folder, { recursive: true, force: true });
}
