import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, packagedTemplate, propertiesOf, resourcesOf, stackOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);
const data = ["LakeBucket", "StageBucket", "FailuresBucket", "ResultsBucket"];
const rules = (bucket: string): readonly unknown[] =>
  listOf(at(propertiesOf(stack, bucket), "LifecycleConfiguration.Rules"));

describe.each(data)("%s", (logicalId) => {
  const layer = logicalId.replace("Bucket", "").toLowerCase();

  test("outlives the stack under a name that the next one knows", async () => {
    const { Resources } = await packagedTemplate("dev");
    expect(Resources[logicalId]).toMatchObject({
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Condition: "CreateData",
    });
    expect(propertiesOf(stack, logicalId)["BucketName"]).toBe(`wikilake-dev-${layer}-000000000000`);
  });

  test("is private, encrypted, owned by the account", () => {
    expect(propertiesOf(stack, logicalId)).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
    });
  });

  test("is reached over TLS only, adopted or not", async () => {
    const arn = `arn:aws:s3:::wikilake-dev-${layer}-000000000000`;
    for (const one of [stack, await stackOf("dev", { AdoptData: "true" })]) {
      expect(propertiesOf(one, `${logicalId}Policy`)).toMatchObject({
        PolicyDocument: {
          Statement: [
            {
              Effect: "Deny",
              Principal: "*",
              Action: "s3:*",
              Resource: [arn, `${arn}/*`],
              Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
          ],
        },
      });
    }
  });

  test("abandons half-finished uploads or keeps its objects only for a while", () => {
    const tidy = rules(logicalId).some(
      (rule) => at(rule, "AbortIncompleteMultipartUpload") !== undefined || at(rule, "ExpirationInDays") !== undefined,
    );
    expect(tidy).toBe(true);
  });
});

test("no rule ever expires a current object of the lake: live snapshots point at old files", () => {
  for (const rule of rules("LakeBucket")) expect(at(rule, "ExpirationInDays")).toBeUndefined();
  expect(at(propertiesOf(stack, "LakeBucket"), "VersioningConfiguration.Status")).toBe("Enabled");
});

test("no rule expires the commit slot, a marker, control state, job files or the shim's cursor", () => {
  const expiring = rules("StageBucket")
    .filter((rule) => at(rule, "ExpirationInDays") !== undefined)
    .map((rule) => String(at(rule, "Prefix") ?? ""));
  for (const prefix of ["commit/", "pending/", "control/", "jobs/", "shim/"]) {
    expect(expiring.filter((expired) => prefix.startsWith(expired))).toEqual([]);
  }
});

test("a batch that a mapping gave up on reaches dead-letter-writer", () => {
  const target = "arn:aws:stand-in:::DeadLetterWriterLambdaFunction";
  expect(at(propertiesOf(stack, "FailuresBucket"), "NotificationConfiguration.LambdaConfigurations")).toEqual([
    { Event: "s3:ObjectCreated:*", Function: target },
  ]);
  const permission = resourcesOf(stack, "AWS::Lambda::Permission").find(
    ({ properties }) => properties["Principal"] === "s3.amazonaws.com",
  );
  expect(permission?.properties).toMatchObject({
    FunctionName: target,
    Action: "lambda:InvokeFunction",
    SourceArn: "arn:aws:s3:::wikilake-dev-failures-000000000000",
    SourceAccount: "000000000000",
  });
});

test("the permission to call comes before the notification that needs it", async () => {
  expect((await packagedTemplate("dev")).Resources["FailuresBucket"]?.DependsOn).toContain(
    "FailuresInvokeDeadLetterWriter",
  );
});
