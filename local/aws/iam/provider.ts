import { z } from "zod";
import { localAccount } from "../account.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import type { PackagedRole } from "./policy.ts";
import type { ResourcePolicies } from "./resource-policies.ts";
import type { Roles } from "./roles.ts";

const documentSchema = z.record(z.string(), z.unknown());
const roleSchema = z.looseObject({
  RoleName: z.string().optional(),
  Path: z.string().default("/"),
  AssumeRolePolicyDocument: documentSchema,
  Policies: z.array(z.looseObject({ PolicyName: z.string(), PolicyDocument: documentSchema })).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
});
const policySchema = z.looseObject({
  PolicyName: z.string(),
  PolicyDocument: documentSchema,
  Roles: z.array(z.string()),
});
const permissionSchema = z.looseObject({
  FunctionName: z.string(),
  Action: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

type IamProviderDeps = {
  readonly roles: Roles;
  readonly resourcePolicies: ResourcePolicies;
  readonly rolePrefix: string;
};

/**
 * Realises roles, policies attached to them and Lambda permissions. A managed policy is refused: its text is not in the
 * template, so what it allows could not be checked here.
 */
export function createIamProvider(deps: IamProviderDeps): ResourceProvider {
  return {
    types: ["AWS::IAM::Role", "AWS::IAM::Policy", "AWS::Lambda::Permission"],
    create: async (resource) => {
      if (resource.type === "AWS::IAM::Role") return createRole(resource, deps);
      if (resource.type === "AWS::IAM::Policy") return attachPolicy(resource, deps);
      return addPermission(resource, deps);
    },
  };
}

function createRole(
  { logicalId, properties }: ResolvedResource,
  { roles, rolePrefix }: IamProviderDeps,
): RealisedResource {
  const { RoleName, Path, AssumeRolePolicyDocument, Policies, ManagedPolicyArns } = roleSchema.parse(properties);
  if (ManagedPolicyArns.length > 0) {
    throw new Error(`${logicalId}: managed policies (${ManagedPolicyArns.join(", ")}) cannot be checked locally`);
  }
  const name = RoleName ?? `${rolePrefix}-${logicalId}`;
  const arn = `arn:${localAccount.partition}:iam::${localAccount.accountId}:role${Path}${name}`;
  const policies = Policies.map(({ PolicyName, PolicyDocument }) => ({ name: PolicyName, document: PolicyDocument }));
  roles.put({ logicalId, arn, policies, trust: AssumeRolePolicyDocument });
  return { ref: name, attributes: { Arn: arn, RoleId: `AROA${logicalId.toUpperCase()}` } };
}

function attachPolicy({ logicalId, properties }: ResolvedResource, { roles }: IamProviderDeps): RealisedResource {
  const policy = policySchema.parse(properties);
  for (const name of policy.Roles) {
    const role: PackagedRole = roles.byArn(name);
    const others = role.policies.filter((one) => one.name !== policy.PolicyName);
    roles.put({ ...role, policies: [...others, { name: policy.PolicyName, document: policy.PolicyDocument }] });
  }
  return { ref: logicalId, attributes: {} };
}

function addPermission({ logicalId, properties }: ResolvedResource, deps: IamProviderDeps): RealisedResource {
  const { FunctionName, Action, Principal, SourceArn, SourceAccount } = permissionSchema.parse(properties);
  const functionArn = FunctionName.startsWith("arn:")
    ? FunctionName
    : `arn:aws:lambda:${localAccount.region}:${localAccount.accountId}:function:${FunctionName}`;
  const condition = {
    ...(SourceArn ? { ArnLike: { "aws:SourceArn": SourceArn } } : {}),
    ...(SourceAccount ? { StringEquals: { "aws:SourceAccount": SourceAccount } } : {}),
  };
  const statement = {
    Sid: logicalId,
    Effect: "Allow",
    Principal: /^\d{12}$|^arn:/.test(Principal) ? { AWS: Principal } : { Service: Principal },
    Action,
    Resource: functionArn,
    ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
  };
  deps.resourcePolicies.put(functionArn, logicalId, { Version: "2012-10-17", Statement: [statement] });
  return { ref: logicalId, attributes: { Id: logicalId } };
}
