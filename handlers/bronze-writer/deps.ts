import { type BronzeCommitDeps, bronzeTarget } from "../../lib/lake/commit-bronze.ts";
import { commitDeps, createCommitClients } from "../../lib/lake/commit-deps.ts";
import { reportStaged } from "../../lib/lake/epoch-metrics.ts";
import type { Metrics } from "../../lib/platform/metrics.ts";
import { judgeVersion } from "../../lib/steps/judge-record.ts";
import type { BronzeWriterConfig } from "./config.ts";
import { toPoisonRow } from "./write-bronze.ts";

export type BronzeWriterDeps = BronzeCommitDeps & { readonly metrics: Metrics };

export function createDeps(config: BronzeWriterConfig): BronzeWriterDeps {
  const databases = { bronze: config.BRONZE_DATABASE, stage: config.STAGE_DATABASE };
  const common = commitDeps(createCommitClients(), {
    stage: config.STAGE,
    component: "bronze-writer",
    bucket: config.STAGE_BUCKET,
    target: bronzeTarget(databases, config.WORKGROUP),
  });
  return {
    ...common,
    ...reportStaged(common.metrics),
    judgeVersion,
    toPoisonRow: (entry, reason) => toPoisonRow(entry, reason, common.clock.now()),
  };
}
