import { randomUUID } from "node:crypto";
import { AthenaClient } from "@aws-sdk/client-athena";
import { S3Client } from "@aws-sdk/client-s3";
import { createAthenaEngine } from "../../lib/lake/athena-query-engine.ts";
import type { LiveRules } from "../../lib/lake/live-rules.ts";
import type { RefreshDeps } from "../../lib/lake/refresh-live.ts";
import { createS3ObjectStore } from "../../lib/lake/s3-object-store.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createMetrics, type Metrics } from "../../lib/platform/metrics.ts";
import type { LiveMetricsConfig } from "./config.ts";

export type LiveMetricsDeps = RefreshDeps & { readonly metrics: Metrics };

export function createDeps(config: LiveMetricsConfig, rules: LiveRules): LiveMetricsDeps {
  const clock = systemClock;
  return {
    store: createS3ObjectStore({ client: new S3Client({}), bucket: config.STAGE_BUCKET, clock, random: Math.random }),
    engine: createAthenaEngine({ starter: new AthenaClient({}), reader: new AthenaClient({}) }),
    clock,
    rules,
    databases: { bronze: config.BRONZE_DATABASE, live: config.LIVE_DATABASE },
    workgroup: config.WORKGROUP,
    newUuid: randomUUID,
    log: createLogger({ base: { component: "live-metrics" } }),
    metrics: createMetrics({ dimensions: { stage: config.STAGE, component: "live-metrics" } }),
  };
}
