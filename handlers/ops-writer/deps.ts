import { randomUUID } from "node:crypto";
import { AthenaClient } from "@aws-sdk/client-athena";
import { S3Client } from "@aws-sdk/client-s3";
import { createAthenaEngine } from "../../lib/lake/athena-query-engine.ts";
import type { CommitDeps } from "../../lib/lake/commit-loop.ts";
import { commitPolicy } from "../../lib/lake/commit-policy.ts";
import { reportEpoch } from "../../lib/lake/epoch-metrics.ts";
import { opsTarget } from "../../lib/lake/ops-batch.ts";
import { createS3ObjectStore } from "../../lib/lake/s3-object-store.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createMetrics, type Metrics } from "../../lib/platform/metrics.ts";
import type { OpsWriterConfig } from "./config.ts";

export type OpsWriterDeps = CommitDeps & { readonly metrics: Metrics };

export function createDeps(config: OpsWriterConfig): OpsWriterDeps {
  const clock = systemClock;
  const random = Math.random;
  const log = createLogger({ base: { component: "ops-writer" } });
  const metrics = createMetrics({ dimensions: { stage: config.STAGE, component: "ops-writer" } });
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
    target: opsTarget({ ops: config.OPS_DATABASE, stage: config.STAGE_DATABASE }, config.WORKGROUP),
    policy: commitPolicy,
  };
}
