import { createPrincipals } from "../aws/facade/principals.ts";
import { createAuthorizer } from "../aws/iam/authorizer.ts";
import { createResourcePolicies } from "../aws/iam/resource-policies.ts";
import { createRoles } from "../aws/iam/roles.ts";

export type Iam = ReturnType<typeof createIam>;

/** Who may do what: keys, roles and resource policies of the running stack. */
export function createIam() {
  const principals = createPrincipals();
  const roles = createRoles();
  const resourcePolicies = createResourcePolicies();
  const authorizer = createAuthorizer({ roles, resourcePolicies });
  return { principals, roles, resourcePolicies, authorizer };
}
