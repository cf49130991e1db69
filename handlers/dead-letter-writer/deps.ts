import { randomUUID } from "node:crypto";
import { AthenaClient } from "@aws-sdk/client-athena";
import { S3Client } from "@aws-sdk/client-s3";
import { createAthenaEngine } from "../../lib/lake/athena-query-engine.ts";
import { type BronzeCommitDeps, bronzeTarget } from "../../lib/lake/commit-bronze.ts";
import { commitPolicy } from "../../lib/lake/commit-policy.ts";
import { reportEpoch, reportStaged } from "../../lib/lake/epoch-metrics.ts";
import { LakeError } from "../../lib/lake/errors.ts";
import type { ObjectStore } from "../../lib/lake/object-store.ts";
import { createS3ObjectStore } from "../../lib/lake/s3-object-store.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createMetrics, type Metrics } from "../../lib/platform/metrics.ts";
import { deadLetterReaderVersion } from "../../lib/steps/read-dead-letter.ts";
import type { DeadLetterWriterConfig } from "./config.ts";

export type DeadLetterWriterDeps = BronzeCommitDeps & {
  readonly metrics: Metrics;
  /** Where the mappings leave what they gave up on. */
  readonly failures: Pick<ObjectStore, "get">;
};

export function createDeps(config: DeadLetterWriterConfig): DeadLetterWriterDeps {
  const clock = systemClock;
  const random = Math.random;
  const client = new S3Client({});
  const log = createLogger({ base: { component: "dead-letter-writer" } });
  const metrics = createMetrics({ dimensions: { stage: config.STAGE, component: "dead-letter-writer" } });
  const databases = { bronze: config.BRONZE_DATABASE, stage: config.STAGE_DATABASE };
  return {
    store: createS3ObjectStore({ client, bucket: config.STAGE_BUCKET, clock, random }),
    failures: createS3ObjectStore({ client, bucket: config.FAILURES_BUCKET, clock, random }),
    // One attempt: a start is repeated only as the commit slot allows.
    engine: createAthenaEngine({ starter: new AthenaClient({ maxAttempts: 1 }), reader: new AthenaClient({}) }),
    clock,
    random,
    newUuid: randomUUID,
    log,
    metrics,
    onEpoch: reportEpoch(log, metrics),
    ...reportStaged(metrics),
    target: bronzeTarget(databases, config.WORKGROUP),
    policy: commitPolicy,
    judgeVersion: deadLetterReaderVersion,
    toPoisonRow: () => {
      // Every row of this writer is a dead letter already: the commit never asks.
      throw new LakeError("LAKE_NO_POISON_ROW", "a dead letter has no dead letter", { retriable: false });
    },
  };
}
