import { type BronzeCommitDeps, bronzeTarget } from "../../lib/lake/commit-bronze.ts";
import { commitDeps, createCommitClients } from "../../lib/lake/commit-deps.ts";
import { reportStaged } from "../../lib/lake/epoch-metrics.ts";
import { LakeError } from "../../lib/lake/errors.ts";
import type { ObjectStore } from "../../lib/lake/object-store.ts";
import { createS3ObjectStore } from "../../lib/lake/s3-object-store.ts";
import type { Metrics } from "../../lib/platform/metrics.ts";
import { deadLetterReaderVersion } from "../../lib/steps/read-dead-letter.ts";
import type { DeadLetterWriterConfig } from "./config.ts";

export type DeadLetterWriterDeps = BronzeCommitDeps & {
  readonly metrics: Metrics;
  /** Where the mappings leave what they gave up on. */
  readonly failures: Pick<ObjectStore, "get">;
};

export function createDeps(config: DeadLetterWriterConfig): DeadLetterWriterDeps {
  const clients = createCommitClients();
  const databases = { bronze: config.BRONZE_DATABASE, stage: config.STAGE_DATABASE };
  const common = commitDeps(clients, {
    stage: config.STAGE,
    component: "dead-letter-writer",
    bucket: config.STAGE_BUCKET,
    target: bronzeTarget(databases, config.WORKGROUP),
  });
  const { clock, random } = common;
  return {
    ...common,
    ...reportStaged(common.metrics),
    failures: createS3ObjectStore({ client: clients.s3, bucket: config.FAILURES_BUCKET, clock, random }),
    judgeVersion: deadLetterReaderVersion,
    toPoisonRow: () => {
      // Every row of this writer is a dead letter already: the commit never asks.
      throw new LakeError("LAKE_NO_POISON_ROW", "a dead letter has no dead letter", { retriable: false });
    },
  };
}
