import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { localAccount } from "../aws/account.ts";
import type { Authorizer } from "../aws/service.ts";
import type { Publisher } from "../aws/sns/publisher.ts";
import { keyPermissions } from "../aws/sns/service.ts";
import type { Topics } from "../aws/sns/topics.ts";
import type { Queues } from "../aws/sqs/queues.ts";
import type { DeliverTo, EnvironmentFor } from "../aws/unit.ts";

export type Destinations = {
  readonly authorizer: Pick<Authorizer, "check">;
  readonly topics: Topics;
  readonly queues: Pick<Queues, "send">;
  readonly publisher: Pick<Publisher, "publish">;
  readonly environmentFor: EnvironmentFor;
};

/** Failure destinations as AWS knows them: a queue, a topic or a bucket, each with the caller's own permission. */
export function createDeliverTo({ authorizer, topics, queues, publisher, environmentFor }: Destinations): DeliverTo {
  return async (principal, { destinationArn, key, body }) => {
    const service = destinationArn.split(":")[2];
    if (service === "sqs") {
      await authorizer.check(principal, [{ action: "sqs:SendMessage", resource: destinationArn }]);
      await queues.send(destinationArn, body);
    } else if (service === "sns") {
      const publish = { action: "sns:Publish", resource: destinationArn };
      await authorizer.check(principal, [publish, ...keyPermissions(destinationArn, topics)]);
      publisher.publish({
        topicArn: destinationArn,
        text: body,
        subject: undefined,
        structure: undefined,
        attributes: {},
      });
    } else {
      // Through the front as the caller: it asks IAM and tells the bucket's listeners.
      const s3 = s3ClientOf(environmentFor(principal));
      await s3.send(new PutObjectCommand({ Bucket: destinationArn.split(":::")[1], Key: key, Body: body }));
      s3.destroy();
    }
  };
}

/** An S3 client from a unit's environment instead of this process's. */
export function s3ClientOf(environment: Readonly<Record<string, string>>): S3Client {
  return new S3Client({
    endpoint: environment["AWS_ENDPOINT_URL_S3"] ?? "",
    region: localAccount.region,
    forcePathStyle: true,
    credentials: {
      accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  });
}
