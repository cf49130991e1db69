import { beforeAll, expect, test } from "@jest/globals";
import { readTaskDefinition } from "../../local/aws/ecs/task-definition.ts";
import { readApplication } from "../../local/aws/emr-serverless/application.ts";
import { readMappingConfig } from "../../local/aws/event-source-mapping/mapping-config.ts";
import { parseProperties } from "../../local/aws/kafka/properties.ts";
import { readFunctionConfig } from "../../local/aws/lambda/function-config.ts";
import type { ResolvedResource } from "../../local/aws/resource.ts";
import { readSchedule } from "../../local/aws/scheduler/schedule-config.ts";
import type { RealisedStack } from "../../local/template/realise.ts";
import { resourcesOf, stackOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("local");
}, 60_000);

/** An ARN of the kind that a reader wants, where the stack holds a stand-in. */
const withArn = (resource: ResolvedResource, properties: Record<string, unknown>): ResolvedResource => ({
  ...resource,
  properties: { ...resource.properties, ...properties },
});

const readers: Readonly<Record<string, (resource: ResolvedResource) => unknown>> = {
  "AWS::Lambda::Function": readFunctionConfig,
  "AWS::ECS::TaskDefinition": readTaskDefinition,
  "AWS::EMRServerless::Application": readApplication,
  "AWS::Scheduler::Schedule": (resource) =>
    readSchedule(
      withArn(resource, {
        Target: { ...Object(resource.properties["Target"]), Arn: "arn:aws:lambda:eu-west-1:000000000000:function:x" },
      }),
    ),
  "AWS::Lambda::EventSourceMapping": (resource) =>
    readMappingConfig(
      withArn(resource, {
        EventSourceArn: "arn:aws:kafka:eu-west-1:000000000000:cluster/wikilake-local/id",
        FunctionName: "wikilake-local-x",
        DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::wikilake-local-failures-000000000000" } },
      }),
    ),
  "AWS::MSK::Topic": ({ properties }) =>
    parseProperties(Buffer.from(String(properties["Configs"]), "base64").toString("utf8")),
};

test.each(Object.keys(readers))("the local runtime understands each %s of the template", (type) => {
  const resources = resourcesOf(stack, type);
  expect(resources.length).toBeGreaterThan(0);
  for (const resource of resources) expect(readers[type]?.(resource)).toBeDefined();
});
