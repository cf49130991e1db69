import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, propertiesOf, stackOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);
const container = () => at(propertiesOf(stack, "ShimTask"), "ContainerDefinitions.0");

describe("the shim's task", () => {
  test("is told where the feed is, where Kafka is and where its cursor lies", () => {
    const environment = listOf(at(container(), "Environment")).map((entry) => [at(entry, "Name"), at(entry, "Value")]);
    expect(Object.fromEntries(environment)).toMatchObject({
      CLUSTER_ARN: "ref:MskCluster",
      RAW_TOPIC: "raw-events",
      DLQ_TOPIC: "dlq-events",
      OPS_TOPIC: "ops-events",
      SOURCE_URL: "https://stream.wikimedia.org/v2/stream/mediawiki.recentchange",
      SOURCE_KIND: "live",
      STAGE_BUCKET: "ref:StageBucket",
      STAGE: "dev",
      AWS_REGION: "eu-west-1",
    });
  });

  test("runs as nobody in particular on a read-only root", () => {
    expect(container()).toMatchObject({ User: "1000", ReadonlyRootFilesystem: true, Essential: true });
    expect(at(container(), "Privileged")).toBeUndefined();
  });

  test("has time to drain before it is killed, and a health check", () => {
    expect(Number(at(container(), "StopTimeout"))).toBeGreaterThanOrEqual(30);
    expect(at(container(), "HealthCheck.Command")).toEqual(["CMD", "node", "/app/health.mjs"]);
  });

  test("runs the image of its own stage's repository, which exists before the service and outlives the stack", () => {
    const image = String(at(container(), "Image"));
    const name = String(propertiesOf(stack, "ShimRepository")["RepositoryName"]);
    const [repository, tag] = image.split(":");
    expect(repository).toBe(`000000000000.dkr.ecr.eu-west-1.amazonaws.com/${name}`);
    // What went in names it: a changed shim is a new task definition, an unchanged one is left running.
    expect(tag).toMatch(/^[0-9a-f]{12}$/);
    expect(propertiesOf(stack, "ShimRepository")["ImageTagMutability"]).toBe("IMMUTABLE");
  });
});

test("there is never a second shim: the old task stops before the new one starts", () => {
  expect(propertiesOf(stack, "ShimService")).toMatchObject({
    DesiredCount: 1,
    DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
  });
});

test("the service starts only once the topics it writes to exist", () => {
  const order = [...stack.resources.keys()];
  for (const topic of ["RawEventsTopic", "DlqEventsTopic", "OpsEventsTopic"]) {
    expect(order.indexOf(topic)).toBeLessThan(order.indexOf("ShimService"));
  }
});
