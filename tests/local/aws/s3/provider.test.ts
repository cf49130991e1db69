import { expect, test } from "@jest/globals";
import { createAuthorizer } from "../../../../local/aws/iam/authorizer.ts";
import { createIamProvider } from "../../../../local/aws/iam/provider.ts";
import { createResourcePolicies } from "../../../../local/aws/iam/resource-policies.ts";
import { createRoles } from "../../../../local/aws/iam/roles.ts";
import { createNotifications } from "../../../../local/aws/s3/notifications.ts";
import { createS3Provider } from "../../../../local/aws/s3/provider.ts";
import { startRacyS3 } from "./racy-s3.ts";

const functionArn = "arn:aws:lambda:eu-west-1:000000000000:function:wikilake-local-deadLetterWriter";
const time = Date.parse("2026-01-02T03:04:05Z");

async function setUp() {
  const upstream = await startRacyS3();
  const errors: unknown[] = [];
  const invoked: unknown[] = [];
  const resourcePolicies = createResourcePolicies();
  const roles = createRoles();
  const front = createNotifications({ now: () => time, onError: (error) => errors.push(error) });
  const invokeLambda = async (...call: unknown[]): Promise<void> => void invoked.push(call);
  const authorizer = createAuthorizer({ roles, resourcePolicies });
  const s3 = createS3Provider({
    s3MockUrl: upstream.url,
    front,
    authorizer,
    resourcePolicies,
    invokeLambda,
    prefix: "wikilake-local",
  });
  const iam = createIamProvider({ roles, resourcePolicies, rolePrefix: "wikilake-local" });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  return { upstream, errors, invoked, front, s3, iam, resourcePolicies, settle };
}

const bucket = {
  logicalId: "FailuresBucket",
  type: "AWS::S3::Bucket",
  properties: {
    BucketName: "wikilake-local-failures-000000000000",
    LifecycleConfiguration: { Rules: [] },
    NotificationConfiguration: {
      LambdaConfigurations: [
        {
          Event: "s3:ObjectCreated:*",
          Function: functionArn,
          Filter: {
            S3Key: {
              Rules: [
                { Name: "prefix", Value: "aws/" },
                { Name: "suffix", Value: ".json" },
              ],
            },
          },
        },
      ],
    },
  },
};

test("a bucket has S3's attributes and is there again at the next start", async () => {
  const { s3, upstream } = await setUp();
  const made = await s3.create(bucket);
  await expect(s3.create(bucket)).resolves.toEqual(made);
  expect(made).toMatchObject({
    ref: bucket.properties.BucketName,
    attributes: { Arn: `arn:aws:s3:::${bucket.properties.BucketName}` },
  });
  await upstream.close();
});

test("a function is told of an object only where the template permits the bucket to invoke it", async () => {
  const { s3, iam, front, invoked, errors, settle, upstream } = await setUp();
  const { ref } = await s3.create(bucket);
  const created = { eventName: "ObjectCreated:Put", bucket: ref, key: "aws/a b=1.json", size: 3, eTag: "e" };
  front.publish(created);
  await settle();
  expect(invoked).toEqual([]);
  expect(String(errors[0])).toContain("User: s3.amazonaws.com is not authorized to perform: lambda:InvokeFunction");
  await iam.create({
    logicalId: "Permission",
    type: "AWS::Lambda::Permission",
    properties: {
      FunctionName: functionArn,
      Action: "lambda:InvokeFunction",
      Principal: "s3.amazonaws.com",
      SourceArn: `arn:aws:s3:::${ref}`,
      SourceAccount: "000000000000",
    },
  });
  front.publish(created);
  front.publish({ ...created, key: "aws/other.txt" });
  await settle();
  expect(invoked).toHaveLength(1);
  expect(invoked[0]).toMatchObject([
    functionArn,
    {
      Records: [
        {
          eventName: "ObjectCreated:Put",
          eventTime: "2026-01-02T03:04:05.000Z",
          s3: { object: { key: "aws/a+b%3D1.json", size: 3 } },
        },
      ],
    },
  ]);
  await upstream.close();
});

test("a bucket policy counts for the bucket's objects, and what cannot be told locally stops the start", async () => {
  const { s3, resourcePolicies, upstream } = await setUp();
  const PolicyDocument = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*" }],
  };
  await s3.create({ logicalId: "P", type: "AWS::S3::BucketPolicy", properties: { Bucket: "b", PolicyDocument } });
  expect(resourcePolicies.find("arn:aws:s3:::b/any/key")).toEqual(PolicyDocument);
  const toQueue = { ...bucket, properties: { NotificationConfiguration: { QueueConfigurations: [{}] } } };
  await expect(s3.create(toQueue)).rejects.toThrow("queues are not told of objects locally");
  await upstream.close();
});
