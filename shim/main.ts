import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { KafkaClient } from "@aws-sdk/client-kafka";
import { S3Client } from "@aws-sdk/client-s3";
import { createKafka, findBrokers } from "../lib/kafka/connection.ts";
import { createTailReader } from "../lib/kafka/kafka-tail.ts";
import { connectWriter } from "../lib/kafka/kafka-writer.ts";
import { systemClock } from "../lib/platform/clock.ts";
import { describeError, WikilakeError } from "../lib/platform/errors.ts";
import { createLogger, type Logger } from "../lib/platform/logger.ts";
import { createMetrics } from "../lib/platform/metrics.ts";
import { readConfig, type ShimConfig } from "./config.ts";
import { createCursorStore } from "./cursor-store.ts";
import { runShim, type ShimEnd } from "./run-shim.ts";

/** Exit codes: 0 the source ended or a stop was asked for and everything is acknowledged; 1 anything else. */
async function main(log: Logger): Promise<void> {
  const config = readConfig(process.env);
  const shimEpoch = randomUUID();
  const epochLog = createLogger({ level: config.LOG_LEVEL, base: { component: "shim", shimEpoch } });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  epochLog.info("shim-started", { source: config.SOURCE_URL, sourceKind: config.SOURCE_KIND, stage: config.STAGE });
  const brokers = await findBrokers(new KafkaClient({ region: config.AWS_REGION }), config.CLUSTER_ARN);
  const kafka = createKafka(brokers, {
    clientId: `wikilake-${config.STAGE}-shim`,
    region: config.AWS_REGION,
    log: epochLog,
  });
  const writer = await connectWriter(kafka);
  const end = await runShim(
    config,
    {
      fetch: globalThis.fetch,
      clock: systemClock,
      random: Math.random,
      newId: randomUUID,
      shimEpoch,
      log: epochLog,
      metrics: createMetrics({ dimensions: { Stage: config.STAGE, Component: "shim" } }),
      writer,
      partitions: await writer.partitionCounts([config.RAW_TOPIC, config.DLQ_TOPIC, config.OPS_TOPIC]),
      tails: createTailReader(kafka, `wikilake-${config.STAGE}-shim-${shimEpoch}`, systemClock),
      store: createCursorStore(s3Client(config), config.STAGE_BUCKET, shimEpoch, systemClock),
      healthy: () => touch(config.HEALTH_FILE, epochLog),
    },
    stop.signal,
  );
  await writer.close();
  report(end, log);
}

/** Without the file the container counts as ill and is replaced: reason enough to say why, not to stop. */
function touch(file: string, log: Logger): void {
  try {
    writeFileSync(file, "");
  } catch (error) {
    log.warn("health-file-unwritable", { error: describeError(error) });
  }
}

/** An S3 that hangs must not hold up the clockwork or the stop: the topics have the cursor too. */
const s3Limits = { maxAttempts: 2, requestHandler: { requestTimeout: 10_000, connectionTimeout: 5_000 } };

/** A local endpoint knows buckets by path only; S3 itself takes both. */
function s3Client({ AWS_REGION: region }: ShimConfig): S3Client {
  return new S3Client({ ...s3Limits, region, forcePathStyle: process.env["AWS_ENDPOINT_URL_S3"] !== undefined });
}

function report({ kind, totals, file }: ShimEnd, log: Logger): void {
  const { received, accepted, rejected, dropped, duplicates, filtered } = totals;
  const { read, alreadyDelivered } = file ?? { read: received, alreadyDelivered: 0 };
  const counts = { read, accepted, rejected, dropped, duplicates, filtered, alreadyDelivered };
  if (read > 0 && alreadyDelivered === read) log.info("source-already-delivered", { lines: read });
  log.info(kind === "finished" ? "source-finished" : "shim-stopped", counts);
}

const log = createLogger({ base: { component: "shim" } });
try {
  await main(log);
  process.exitCode = 0;
} catch (error) {
  const code = error instanceof WikilakeError ? error.code : "SHIM_CRASHED";
  log.error("shim-failed", { reason: code, error: describeError(error) });
  process.exitCode = 1;
}
// Sockets of a client that could not close must not keep a stopped shim alive; the log is written by then.
process.stdout.write("", () => process.exit());
