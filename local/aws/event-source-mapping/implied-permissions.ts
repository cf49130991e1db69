import { localAccount } from "../account.ts";
import { type Authorizer, AwsError, type Permission, type Principal } from "../service.ts";
import type { KafkaMappingConfig, MappingConfig } from "./mapping-config.ts";

/** What Lambda does with the function's role before and while it polls. AWS lets a mapping fail that lacks one of them. */
export function impliedPermissions(config: MappingConfig): readonly Permission[] {
  if (config.kind === "queue") {
    return ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"].map((action) => ({
      action,
      resource: config.eventSourceArn,
    }));
  }
  const cluster = config.eventSourceArn;
  const on = (resource: string, actions: readonly string[]): Permission[] =>
    actions.map((action) => ({ action, resource }));
  return [
    ...on(cluster, ["kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers", "kafka-cluster:Connect"]),
    ...on(below(cluster, "topic", config.topic), ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]),
    ...on(below(cluster, "group", config.groupId), ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"]),
    ...on("*", networkActions),
    ...destinationPermissions(config),
  ];
}

/** The poller gets network interfaces in the cluster's subnets. */
const networkActions = [
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeVpcs",
  "ec2:DescribeSubnets",
  "ec2:DescribeSecurityGroups",
];

function destinationPermissions({ failureArn, uuid }: KafkaMappingConfig): readonly Permission[] {
  if (failureArn === undefined) return [];
  const service = failureArn.split(":")[2];
  if (service === "sqs") return [{ action: "sqs:SendMessage", resource: failureArn }];
  if (service === "sns") return [{ action: "sns:Publish", resource: failureArn }];
  const context = { "s3:ResourceAccount": localAccount.accountId };
  return [
    { action: "s3:ListBucket", resource: failureArn, context },
    { action: "s3:PutObject", resource: `${failureArn}/aws/lambda/${uuid}/`, context },
  ];
}

/** `…:cluster/name/id` → `…:topic/name/id/topic`. */
const below = (clusterArn: string, kind: "topic" | "group", name: string): string =>
  `${clusterArn.replace(":cluster/", `:${kind}/`)}/${name}`;

/** Throws InvalidParameterValueException naming the first call that the function's role may not make. */
export async function checkImpliedPermissions(
  config: MappingConfig,
  principal: Principal,
  authorizer: Pick<Authorizer, "check">,
): Promise<void> {
  try {
    await authorizer.check(principal, impliedPermissions(config));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const message = `${config.logicalId}: the function's execution role does not have the permissions of its event source: ${error.message}`;
    throw new AwsError("InvalidParameterValueException", message);
  }
}
