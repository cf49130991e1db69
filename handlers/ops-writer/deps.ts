import { commitDeps, createCommitClients } from "../../lib/lake/commit-deps.ts";
import type { CommitDeps } from "../../lib/lake/commit-loop.ts";
import { opsTarget } from "../../lib/lake/ops-batch.ts";
import type { Metrics } from "../../lib/platform/metrics.ts";
import type { OpsWriterConfig } from "./config.ts";

export type OpsWriterDeps = CommitDeps & { readonly metrics: Metrics };

export function createDeps(config: OpsWriterConfig): OpsWriterDeps {
  return commitDeps(createCommitClients(), {
    stage: config.STAGE,
    component: "ops-writer",
    bucket: config.STAGE_BUCKET,
    target: opsTarget({ ops: config.OPS_DATABASE, stage: config.STAGE_DATABASE }, config.WORKGROUP),
  });
}
