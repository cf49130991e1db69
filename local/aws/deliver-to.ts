import type { Principals } from "./facade/principals.ts";
import { objectPath } from "./s3/address.ts";
import { type Authorizer, AwsError, type Principal } from "./service.ts";
import type { Publisher } from "./sns/publisher.ts";
import { keyPermissions } from "./sns/service.ts";
import type { Topics } from "./sns/topics.ts";
import type { Queues } from "./sqs/queues.ts";
import type { DeliverTo, Delivery } from "./unit.ts";

export type DeliverToDeps = {
  readonly authorizer: Pick<Authorizer, "check">;
  readonly queues: Pick<Queues, "send">;
  readonly topics: Topics;
  readonly publisher: Pick<Publisher, "publish">;
  readonly principals: Principals;
  /** Address of the S3 front: objects go through it, so that IAM, locks and notifications are as for any other writer. */
  readonly s3Url: () => string;
};

/** Hands failure records and the like to a queue, topic or bucket with the rights of the principal they are sent for. */
export function createDeliverTo(deps: DeliverToDeps): DeliverTo {
  return async (principal, delivery) => {
    const { destinationArn, body } = delivery;
    const service = destinationArn.split(":")[2];
    if (service === "s3") return putObject(principal, delivery, deps);
    if (service === "sqs") {
      await deps.authorizer.check(principal, [{ action: "sqs:SendMessage", resource: destinationArn }]);
      await deps.queues.send(destinationArn, body);
    } else if (service === "sns") {
      const permissions = [
        { action: "sns:Publish", resource: destinationArn },
        ...keyPermissions(destinationArn, deps.topics),
      ];
      await deps.authorizer.check(principal, permissions);
      deps.publisher.publish({
        topicArn: destinationArn,
        text: body,
        subject: undefined,
        structure: undefined,
        attributes: {},
      });
    } else throw new AwsError("ValidationException", `${destinationArn} is no queue, topic or bucket`);
  };
}

async function putObject(
  principal: Principal,
  { destinationArn, key, body }: Delivery,
  deps: DeliverToDeps,
): Promise<void> {
  const bucket = destinationArn.replace("arn:aws:s3:::", "");
  const { accessKeyId } = deps.principals.issue(principal);
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/local/eu-west-1/s3/aws4_request`;
  try {
    const response = await fetch(`${deps.s3Url()}${objectPath(bucket, key)}`, {
      method: "PUT",
      headers: { authorization },
      body,
    });
    const text = await response.text();
    if (response.ok) return;
    const [, code = "InternalError"] = /<Code>(\w+)<\/Code>/.exec(text) ?? [];
    throw new AwsError(code, /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? code, response.status);
  } finally {
    deps.principals.revoke(accessKeyId);
  }
}
