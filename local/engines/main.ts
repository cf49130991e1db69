import { parseArgs } from "node:util";
import { z } from "zod";
import { describeError, WikilakeError } from "../../lib/platform/errors.ts";
import { describeProgress } from "./install/progress.ts";
import { installEngines } from "./install-engines.ts";
import { engineNames } from "./installation.ts";
import { sparkOf } from "./spark-installation.ts";
import { startEngines } from "./start-engines.ts";

// Engines by hand: installs them, starts them, prints their endpoints as JSON and runs until Ctrl-C.
//   node local/engines/main.ts [--state DIR] [--only s3,catalog,…] [--brokers 1|3] [--buckets a,b]
//   node local/engines/main.ts --install [--record-checksums]     fetch only

const namesSchema = z.array(z.enum(engineNames));
const brokersSchema = z.union([z.literal(1), z.literal(3)]);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
/** What a shell reports for a program ended by Ctrl-C. */
const interruptedExitCode = 130;

async function main(signal: AbortSignal): Promise<void> {
  const { values } = parseArgs({
    options: {
      state: { type: "string", default: ".wikilake" },
      only: { type: "string", default: engineNames.join(",") },
      brokers: { type: "string", default: "1" },
      buckets: { type: "string", default: "" },
      install: { type: "boolean", default: false },
      "record-checksums": { type: "boolean", default: false },
    },
  });
  const progress = (event: Parameters<typeof describeProgress>[0]): void => say(describeProgress(event));
  const installation = await installEngines({ progress, signal, recordChecksums: values["record-checksums"] });
  if (values.install) return;
  const engines = await startEngines(installation, {
    stateDir: values.state,
    only: namesSchema.parse(values.only.split(",")),
    brokers: brokersSchema.parse(Number(values.brokers)),
    buckets: values.buckets.split(",").filter((bucket) => bucket !== ""),
    onEvent: (event) => say(JSON.stringify(event)),
    signal,
  });
  const { s3, catalog, kafka, trino } = engines;
  const endpoints = { s3, catalog, kafka, trino, spark: await sparkOf(installation), processes: engines.processes() };
  process.stdout.write(`${JSON.stringify(endpoints, undefined, 2)}\n`);
  const failure = await Promise.race([engines.failure, aborted(signal)]);
  await engines.stop();
  if (failure !== undefined) throw failure;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined));
  });
}

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop.abort());
try {
  await main(stop.signal);
} catch (error) {
  if (!(error instanceof WikilakeError)) throw error;
  say(`${error.code}: ${describeError(error)}`);
  process.exitCode = stop.signal.aborted ? interruptedExitCode : 1;
}
