import { createHash } from "node:crypto";
import { arn, localAccount } from "../aws/account.ts";
import type { RealisedResource, ResolvedResource } from "../aws/resource.ts";

/** A type that has no counterpart here: why nothing is lost by that, and what a Ref or GetAtt to it gives. */
export type Unrealised = {
  readonly reason: string;
  readonly stand: (resource: ResolvedResource) => RealisedResource;
};

/** EC2's ids have 17 hex digits. From the logical id, so that they are the same at every start. */
const idOf = (prefix: string, logicalId: string): string =>
  `${prefix}-0${createHash("sha256").update(logicalId).digest("hex").slice(0, 16)}`;

const loopback = "everything on this machine talks over loopback: there is no network to build";

function network(prefix: string, attribute?: string): Unrealised {
  return {
    reason: loopback,
    stand: ({ logicalId }) => {
      const id = idOf(prefix, logicalId);
      return { ref: id, attributes: { Id: id, ...(attribute === undefined ? {} : { [attribute]: id }) } };
    },
  };
}

const named = ({ properties, logicalId }: ResolvedResource, property: string): string =>
  String(properties[property] ?? logicalId);

const key: Unrealised = {
  reason: "nothing is encrypted at rest on this machine; whoever may read the state folder may read the data",
  stand: ({ logicalId }) => {
    const id = idOf("key", logicalId);
    return { ref: id, attributes: { KeyId: id, Arn: arn("kms", `key/${id}`) } };
  },
};

const keyAlias: Unrealised = {
  reason: key.reason,
  stand: (resource) => ({ ref: named(resource, "AliasName"), attributes: {} }),
};

const logGroup: Unrealised = {
  reason: "what a unit logs goes to a file under logs/ of the state folder",
  stand: (resource) => {
    const name = named(resource, "LogGroupName");
    return { ref: name, attributes: { Arn: arn("logs", `log-group:${name}:*`) } };
  },
};

const repository: Unrealised = {
  reason: "the shim runs from its bundle, not from an image",
  stand: (resource) => {
    const name = named(resource, "RepositoryName");
    const uri = `${localAccount.accountId}.dkr.ecr.${localAccount.region}.amazonaws.com/${name}`;
    return { ref: name, attributes: { Arn: arn("ecr", `repository/${name}`), RepositoryUri: uri } };
  },
};

const mskConfiguration: Unrealised = {
  reason: "topics carry what matters here (retention, time type, size); the rest is about several brokers",
  stand: (resource) => {
    const own = arn("kafka", `configuration/${named(resource, "Name")}/local-1`);
    return { ref: own, attributes: { Arn: own, LatestRevision: { Revision: 1 } } };
  },
};

/** Every type that a start may pass over. Anything else without a provider stops it. */
export const unrealisedTypes: Readonly<Record<string, Unrealised>> = {
  "AWS::EC2::VPC": network("vpc", "VpcId"),
  "AWS::EC2::InternetGateway": network("igw", "InternetGatewayId"),
  "AWS::EC2::VPCGatewayAttachment": network("attach"),
  "AWS::EC2::Subnet": network("subnet", "SubnetId"),
  "AWS::EC2::RouteTable": network("rtb", "RouteTableId"),
  "AWS::EC2::Route": network("route"),
  "AWS::EC2::SubnetRouteTableAssociation": network("rtbassoc"),
  "AWS::EC2::VPCEndpoint": network("vpce"),
  "AWS::EC2::SecurityGroup": network("sg", "GroupId"),
  "AWS::EC2::SecurityGroupIngress": network("sgr"),
  "AWS::EC2::SecurityGroupEgress": network("sgr"),
  "AWS::KMS::Key": key,
  "AWS::KMS::Alias": keyAlias,
  "AWS::Logs::LogGroup": logGroup,
  "AWS::ECR::Repository": repository,
  "AWS::MSK::Configuration": mskConfiguration,
};
