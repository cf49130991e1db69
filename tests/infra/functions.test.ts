import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { ResolvedResource } from "../../local/aws/resource.ts";
import type { RealisedStack } from "../../local/template/realise.ts";
import { zipNames } from "../support/zip-names.ts";
import {
  at,
  listOf,
  packagedStage,
  packagedTemplate,
  propertiesOf,
  resourcesOf,
  stackOf,
  textsOf,
} from "./packaged-template.ts";

let stack: RealisedStack;
let functions: ResolvedResource[];
beforeAll(async () => {
  stack = await stackOf("dev");
  functions = resourcesOf(stack, "AWS::Lambda::Function");
}, 60_000);

describe("a function", () => {
  test("is one of those this release has", () => {
    expect(functions.map(({ properties }) => properties["FunctionName"]).sort()).toEqual(
      ["bronzeWriter", "deadLetterWriter", "liveMetrics", "migrate", "opsWriter", "startJob"].map(
        (name) => `wikilake-dev-${name}`,
      ),
    );
  });

  test("runs on Node 24 on ARM, outside the VPC, without reserved concurrency", () => {
    for (const { properties } of functions) {
      expect(properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
      expect(properties["VpcConfig"]).toBeUndefined();
      // Small accounts have 10 in all: reserving any fails the deployment.
      expect(properties["ReservedConcurrentExecutions"]).toBeUndefined();
    }
  });

  test("knows its stage, and its environment holds names only, within AWS's 4 KB", () => {
    for (const { properties } of functions) {
      const variables = at(properties, "Environment.Variables");
      expect(at(variables, "STAGE")).toBe("dev");
      expect(Buffer.byteLength(JSON.stringify(variables))).toBeLessThan(4096);
      expect(Object.keys(Object(variables)).filter((name) => /SECRET|PASSWORD|TOKEN|_KEY$|^AWS_/.test(name))).toEqual(
        [],
      );
    }
  });

  test("has its handler, as an ES module, at the place the template names", async () => {
    const packaged = await packagedStage("dev");
    for (const { logicalId, properties } of functions) {
      const names = zipNames(readFileSync(packaged.functions[logicalId] ?? ""));
      expect(names).toContain(`${String(properties["Handler"]).replace(/\.handler$/, "")}.mjs`);
      expect(names.filter((name) => name.startsWith("node_modules/"))).toEqual([]);
    }
  });

  test("migrate carries the table definitions that it applies", async () => {
    const packaged = await packagedStage("dev");
    const names = zipNames(readFileSync(packaged.functions["MigrateLambdaFunction"] ?? ""));
    expect(names).toEqual(
      expect.arrayContaining([
        "schemas/tables/bronze.raw_events.sql",
        "schemas/tables/bronze.dead_letter.sql",
        "schemas/views/live.realtime_traffic_volume.sql",
      ]),
    );
  });

  test("live-metrics carries the rules that it reads, and no other file", async () => {
    const packaged = await packagedStage("dev");
    const names = zipNames(readFileSync(packaged.functions["LiveMetricsLambdaFunction"] ?? ""));
    expect(names.filter((name) => name.startsWith("schemas/")).sort()).toEqual(
      ["blacklist", "domains", "live", "thresholds"].map((name) => `schemas/rules/${name}.yml`),
    );
  });
});

describe("asynchronous invocations", () => {
  test.each(["DeadLetterWriter", "OpsWriter", "StartJob", "LiveMetrics"])(
    "of %s end in a queue that its role may write to",
    (name) => {
      const config = resourcesOf(stack, "AWS::Lambda::EventInvokeConfig").find(({ logicalId }) =>
        logicalId.startsWith(name),
      );
      expect(at(config?.properties, "DestinationConfig.OnFailure.Destination")).toBe(
        "arn:aws:stand-in:::AsyncFailureQueue",
      );
      const statements = listOf(at(propertiesOf(stack, `${name}Role`), "Policies.0.PolicyDocument.Statement"));
      const sends = statements.filter((statement) => textsOf(at(statement, "Action")).includes("sqs:SendMessage"));
      expect(sends.flatMap((statement) => textsOf(at(statement, "Resource")))).toEqual([
        "arn:aws:stand-in:::AsyncFailureQueue",
      ]);
    },
  );
});

describe("logs", () => {
  test("expire: every log group says when", () => {
    const groups = resourcesOf(stack, "AWS::Logs::LogGroup");
    expect(groups.length).toBeGreaterThan(functions.length);
    for (const { properties } of groups) expect([14, 30]).toContain(properties["RetentionInDays"]);
  });

  test("of each function go to a group that exists before it, and that its role may write to", async () => {
    const { Resources } = await packagedTemplate("dev");
    for (const { logicalId, properties } of functions) {
      const name = logicalId.replace("LambdaFunction", "");
      expect(propertiesOf(stack, `${name}LogGroup`)["LogGroupName"]).toBe(`/aws/lambda/${properties["FunctionName"]}`);
      expect(Resources[logicalId]?.DependsOn).toContain(`${name}LogGroup`);
      const policy = JSON.stringify(propertiesOf(stack, `${name}Role`)["Policies"]);
      expect(policy).toContain(`log-group:/aws/lambda/${properties["FunctionName"]}:*`);
    }
  });
});
