import { randomUUID } from "node:crypto";
import { AthenaClient } from "@aws-sdk/client-athena";
import { S3Client } from "@aws-sdk/client-s3";
import { createAthenaEngine } from "../../lib/lake/athena-query-engine.ts";
import { type BronzeCommitDeps, bronzeTarget } from "../../lib/lake/commit-bronze.ts";
import { commitPolicy } from "../../lib/lake/commit-policy.ts";
import { reportEpoch, reportStaged } from "../../lib/lake/epoch-metrics.ts";
import { createS3ObjectStore } from "../../lib/lake/s3-object-store.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createMetrics, type Metrics } from "../../lib/platform/metrics.ts";
import { judgeVersion } from "../../lib/steps/judge-record.ts";
import type { BronzeWriterConfig } from "./config.ts";
import { toPoisonRow } from "./write-bronze.ts";

export type BronzeWriterDeps = BronzeCommitDeps & { readonly metrics: Metrics };

export function createDeps(config: BronzeWriterConfig): BronzeWriterDeps {
  const clock = systemClock;
  const random = Math.random;
  const log = createLogger({ base: { component: "bronze-writer" } });
  const metrics = createMetrics({ dimensions: { stage: config.STAGE, component: "bronze-writer" } });
  const databases = { bronze: config.BRONZE_DATABASE, stage: config.STAGE_DATABASE };
  return {
    store: createS3ObjectStore({ client: new S3Client({}), bucket: config.STAGE_BUCKET, clock, random }),
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
    judgeVersion,
    toPoisonRow: (entry, reason) => toPoisonRow(entry, reason, clock.now()),
  };
}
