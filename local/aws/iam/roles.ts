import { type PackagedRole, statementsOf } from "./policy.ts";

/** The roles realised so far. */
export type Roles = {
  /** Adds or replaces a role. Throws when one of its policies is no policy. */
  put(role: PackagedRole): void;
  /** By ARN, role name or logical id. Throws when the template has no such role. */
  byArn(arn: string): PackagedRole;
  all(): readonly PackagedRole[];
};

/** Makes a registry of roles. */
export function createRoles(initial: readonly PackagedRole[] = []): Roles {
  const byLogicalId = new Map<string, PackagedRole>();
  const byArn = new Map<string, PackagedRole>();
  const put = (role: PackagedRole): void => {
    for (const { name, document } of role.policies) statementsOf(document, `${role.logicalId}.${name}`);
    statementsOf(role.trust, `${role.logicalId}.AssumeRolePolicyDocument`);
    byLogicalId.set(role.logicalId, role);
    byArn.set(role.arn, role);
  };
  for (const role of initial) put(role);
  return {
    put,
    byArn: (arn) => {
      const role =
        byArn.get(arn) ?? byLogicalId.get(arn) ?? [...byArn.values()].find((one) => one.arn.endsWith(`/${arn}`));
      if (!role) throw new Error(`The template has no role ${arn}`);
      return role;
    },
    all: () => [...byLogicalId.values()],
  };
}
