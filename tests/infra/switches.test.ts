import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { propertiesOf, stackOf } from "./packaged-template.ts";

let full: RealisedStack;
beforeAll(async () => {
  full = await stackOf("dev");
}, 60_000);
const removedBy = (other: RealisedStack): string[] =>
  [...full.resources.keys()].filter((logicalId) => !other.resources.has(logicalId));
const addedBy = (other: RealisedStack): string[] =>
  [...other.resources.keys()].filter((logicalId) => !full.resources.has(logicalId));

describe("StreamUp=false", () => {
  let down: RealisedStack;
  beforeAll(async () => {
    down = await stackOf("dev", { StreamUp: "false" });
  }, 60_000);

  test("removes what bills while idle, and nothing else", () => {
    expect(removedBy(down).sort()).toEqual([
      "BronzeWriterEventSourceMappingMSKMskClusterRawevents",
      "DeadLetterWriterEventSourceMappingMSKMskClusterDlqevents",
      "DlqEventsTopic",
      "MskCluster",
      "OpsEventsTopic",
      "OpsWriterEventSourceMappingMSKMskClusterOpsevents",
      "RawEventsTopic",
      "ShimService",
      "ShimTask",
    ]);
    expect(addedBy(down)).toEqual([]);
  });

  test("leaves nothing that bills by the hour", () => {
    const billed =
      /^AWS::(MSK::(Cluster|ServerlessCluster|Topic)|ECS::Service|EC2::(NatGateway|EIP|Instance)|Lambda::EventSourceMapping)$/;
    const left = [...down.resources.values()].map(({ resource }) => resource.type).filter((type) => billed.test(type));
    expect(left).toEqual([]);
  });

  test("turns the schedules off, and back on as they were set", async () => {
    for (const name of ["CycleSchedule", "OpsInboxSchedule"]) {
      expect(propertiesOf(full, name)["State"]).toBe("ENABLED");
      expect(propertiesOf(down, name)["State"]).toBe("DISABLED");
      const paused = await stackOf("dev", { ScheduleState: "DISABLED" });
      expect(propertiesOf(paused, name)["State"]).toBe("DISABLED");
    }
  });

  test("changes no property of what stays, but for the schedules", () => {
    for (const [logicalId, { resource }] of down.resources) {
      if (resource.type === "AWS::Scheduler::Schedule") continue;
      expect([logicalId, resource.properties]).toEqual([logicalId, propertiesOf(full, logicalId)]);
    }
  });
});

describe("AdoptData=true", () => {
  let adopting: RealisedStack;
  beforeAll(async () => {
    adopting = await stackOf("dev", { AdoptData: "true" });
  }, 60_000);

  test("creates no bucket, database or image repository: an earlier stack left them", () => {
    const created = new Set(["AWS::S3::Bucket", "AWS::Glue::Database", "AWS::ECR::Repository"]);
    const expected = [...full.resources.values()]
      .map(({ resource }) => resource)
      // The framework's own bucket holds zips only and is not retained.
      .filter(({ type, logicalId }) => created.has(type) && logicalId !== "ServerlessDeploymentBucket");
    expect(removedBy(adopting).sort()).toEqual(expected.map(({ logicalId }) => logicalId).sort());
    expect(expected).toHaveLength(4 + 7 + 1);
  });

  test("names the adopted ones as their creator named them", () => {
    const variables = { STAGE_BUCKET: "wikilake-dev-stage-000000000000" };
    expect(propertiesOf(adopting, "BronzeWriterLambdaFunction")).toMatchObject({
      Environment: { Variables: variables },
    });
    expect(propertiesOf(adopting, "StageRawEvents")["DatabaseName"]).toBe("wikilake_dev_stage");
    expect(adopting.outputs).toMatchObject({ LakeBucketName: "wikilake-dev-lake-000000000000" });
  });

  test("stands together with StreamUp=false", async () => {
    const both = await stackOf("dev", { AdoptData: "true", StreamUp: "false" });
    expect(both.resources.size).toBe(full.resources.size - 9 - 12);
  });
});

test("a value that is neither true nor false is refused", async () => {
  await expect(stackOf("dev", { StreamUp: "yes" })).rejects.toThrow("allowed are true, false");
  await expect(stackOf("dev", { AdoptData: "1" })).rejects.toThrow("allowed are true, false");
});
