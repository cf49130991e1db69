import { type AuthorizedCall, type Authorizer, AwsError, type Permission, type Principal } from "../service.ts";
import { createCallLog } from "./call-log.ts";
import { createDecider, type Decider, type Decision } from "./decision.ts";
import type { PackagedRole, PolicyDocument } from "./policy.ts";
import type { ResourcePolicies } from "./resource-policies.ts";
import type { Roles } from "./roles.ts";

export type IamAuthorizer = Authorizer & {
  /** Whether the principal may: for callers that have another answer than an exception (S3's 404 or 403). */
  isAllowed(principal: Principal, permission: Permission): Promise<boolean>;
  /** Asks the resource's own policy for an AWS service (`sns.amazonaws.com`) that acts by itself. Throws as `check` does. */
  checkService(service: string, permission: Permission): Promise<void>;
  /** The principal of a role that `service` may assume. Throws AccessDenied when the role's trust policy does not let it. */
  checkTrust(roleArn: string, service: string, context: Readonly<Record<string, string>>): Promise<Principal>;
  /** Every call asked of IAM by roles, grouped. The operator's are not there: a person has no packaged role. */
  calls(): readonly (AuthorizedCall & { readonly count: number })[];
};

type AuthorizerDeps = { readonly roles: Roles; readonly resourcePolicies: ResourcePolicies };

/** Answers as IAM would for the packaged roles and resource policies. The operator may do everything. */
export function createAuthorizer({ roles, resourcePolicies }: AuthorizerDeps): IamAuthorizer {
  const log = createCallLog();
  const deciders = createDeciderCache();

  const decide = async (principal: Principal, permission: Permission): Promise<Decision> => {
    if (principal.roleId === operatorId) return { allowed: true };
    const role = roles.byArn(principal.arn);
    const decision = await deciders
      .of(role, resourcePolicies.find(permission.resource))
      .decide({ ...permission, context: permission.context ?? {} });
    const { action, resource } = permission;
    log.record({ roleId: role.logicalId, action, resource, allowed: decision.allowed });
    return decision;
  };

  return {
    check: async (principal, permissions) => {
      for (const permission of permissions) {
        const decision = await decide(principal, permission);
        if (!decision.allowed) throw denied(sessionArn(principal.arn), permission, decision.because);
      }
    },
    isAllowed: async (principal, permission) => (await decide(principal, permission)).allowed,
    checkService: async (service, permission) => {
      const resourcePolicy = resourcePolicies.find(permission.resource);
      const decision = await serviceDecision(service, permission, resourcePolicy);
      if (!decision.allowed) throw denied(service, permission, decision.because);
    },
    checkTrust: async (roleArn, service, context) => {
      const role = roles.byArn(roleArn);
      const permission = { action: "sts:AssumeRole", resource: role.arn, context };
      const decision = await serviceDecision(service, permission, role.trust);
      if (!decision.allowed) throw denied(service, permission, decision.because);
      return principalOf(role);
    },
    roleByArn: (arn) => principalOf(roles.byArn(arn)),
    calls: log.calls,
  };
}

/** Role id of the person at the keyboard. */
export const operatorId = "operator";

const principalOf = (role: PackagedRole): Principal => ({ arn: role.arn, roleId: role.logicalId });

async function serviceDecision(
  service: string,
  permission: Permission,
  resourcePolicy: PolicyDocument | undefined,
): Promise<Decision> {
  const because = `because no resource-based policy allows the ${permission.action} action`;
  if (!resourcePolicy) return { allowed: false, because };
  const decider = createDecider({ principal: service, policies: [], resourcePolicy });
  const decision = await decider.decide({ ...permission, context: permission.context ?? {} });
  return decision.allowed || decision.because.startsWith("with") ? decision : { allowed: false, because };
}

// Roles and policies are replaced, never changed: their identity says whether an answer is still good.
function createDeciderCache(): { of(role: PackagedRole, policy: PolicyDocument | undefined): Decider } {
  const none: PolicyDocument = {};
  const cache = new WeakMap<PackagedRole, WeakMap<PolicyDocument, Decider>>();
  return {
    of: (role, resourcePolicy) => {
      const byPolicy = cache.get(role) ?? new WeakMap<PolicyDocument, Decider>();
      cache.set(role, byPolicy);
      const known = byPolicy.get(resourcePolicy ?? none);
      if (known) return known;
      const decider = createDecider({ principal: role.arn, policies: role.policies, resourcePolicy });
      byPolicy.set(resourcePolicy ?? none, decider);
      return decider;
    },
  };
}

/** AWS names the session, not the role: `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
function sessionArn(arn: string): string {
  const [, account, path] = /^arn:aws:iam::(\d+):role\/(.+)$/.exec(arn) ?? [];
  return account && path ? `arn:aws:sts::${account}:assumed-role/${path.split("/").at(-1)}/local` : arn;
}

function denied(who: string, { action, resource }: Permission, because: string): AwsError {
  const message = `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
  return new AwsError("AccessDeniedException", message, 403);
}
