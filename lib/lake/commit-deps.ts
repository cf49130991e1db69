import { randomUUID } from "node:crypto";
import { AthenaClient } from "@aws-sdk/client-athena";
import { S3Client } from "@aws-sdk/client-s3";
import { systemClock } from "../platform/clock.ts";
import { createLogger } from "../platform/logger.ts";
import { createMetrics, type Metrics } from "../platform/metrics.ts";
import { createAthenaEngine } from "./athena-query-engine.ts";
import type { CommitDeps, CommitTarget } from "./commit-loop.ts";
import { commitPolicy } from "./commit-policy.ts";
import { reportEpoch } from "./epoch-metrics.ts";
import { createS3ObjectStore } from "./s3-object-store.ts";

export type CommitClients = {
  readonly s3: S3Client;
  /** One attempt: a start is repeated only as the commit slot allows. */
  readonly starter: AthenaClient;
  readonly reader: AthenaClient;
};

/** Clients of the region and credentials that a function runs with. */
export function createCommitClients(): CommitClients {
  return { s3: new S3Client({}), starter: new AthenaClient({ maxAttempts: 1 }), reader: new AthenaClient({}) };
}

export type CommitDepsOptions = {
  readonly stage: string;
  /** Names the function in logs and metrics. */
  readonly component: string;
  /** The bucket of slot, markers and staged objects. */
  readonly bucket: string;
  readonly target: CommitTarget;
};

/** What every function that commits through a slot is given, on AWS's services. */
export function commitDeps(
  clients: CommitClients,
  { stage, component, bucket, target }: CommitDepsOptions,
): CommitDeps & { readonly metrics: Metrics } {
  const clock = systemClock;
  const random = Math.random;
  const log = createLogger({ base: { component } });
  const metrics = createMetrics({ dimensions: { stage, component } });
  return {
    store: createS3ObjectStore({ client: clients.s3, bucket, clock, random }),
    engine: createAthenaEngine(clients),
    clock,
    random,
    newUuid: randomUUID,
    log,
    metrics,
    onEpoch: reportEpoch(log, metrics),
    target,
    policy: commitPolicy,
  };
}
