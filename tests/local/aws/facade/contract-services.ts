import { createLogger } from "../../../../lib/platform/logger.ts";
import { createFacade } from "../../../../local/aws/facade/facade.ts";
import { createPrincipals } from "../../../../local/aws/facade/principals.ts";
import { createAuthorizer, type IamAuthorizer } from "../../../../local/aws/iam/authorizer.ts";
import type { PackagedRole } from "../../../../local/aws/iam/policy.ts";
import { createResourcePolicies, type ResourcePolicies } from "../../../../local/aws/iam/resource-policies.ts";
import { createRoles, type Roles } from "../../../../local/aws/iam/roles.ts";
import type { AwsRequest, AwsResponse, AwsService, Principal } from "../../../../local/aws/service.ts";

export const account = "000000000000";
export const operator: Principal = { arn: `arn:aws:iam::${account}:user/operator`, roleId: "operator" };

/** A role that may do `actions` on `resources`. */
export function roleAllowing(
  logicalId: string,
  actions: readonly string[],
  resources: readonly string[],
): PackagedRole {
  const statement = { Effect: "Allow", Action: [...actions], Resource: [...resources] };
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  return {
    logicalId,
    arn: `arn:aws:iam::${account}:role/${logicalId}`,
    policies: actions.length > 0 ? [{ name: "main", document: { Version: "2012-10-17", Statement: [statement] } }] : [],
    trust: { Version: "2012-10-17", Statement: [trust] },
  };
}

/** A service whose answer and permissions are given. */
export function stubService(
  service: Pick<AwsService, "name" | "protocol" | "routes">,
  handle: (request: AwsRequest) => AwsResponse,
  permissions: AwsService["permissions"] = () => [],
): AwsService {
  return { ...service, permissions, handle: async (request) => handle(request) };
}

export type TestFacade = Awaited<ReturnType<typeof startFacade>>;

/** A facade with these services and roles; `client(service, role?)` gives the configuration of an SDK client. */
export async function startFacade(services: readonly AwsService[], roles: readonly PackagedRole[] | Roles = []) {
  const lines: string[] = [];
  const resourcePolicies: ResourcePolicies = createResourcePolicies();
  const authorizer: IamAuthorizer = createAuthorizer({
    roles: "put" in roles ? roles : createRoles(roles),
    resourcePolicies,
  });
  const principals = createPrincipals();
  const logger = createLogger({ write: (line) => lines.push(line) });
  const facade = await createFacade({ services, principals, authorizer, logger });
  const client = (service: string, role?: string) => ({
    region: "eu-west-1",
    endpoint: facade.url(service),
    maxAttempts: 1,
    credentials: facade.issueCredentials(role ? authorizer.roleByArn(role) : operator),
  });
  return { facade, authorizer, resourcePolicies, principals, client, lines, logger };
}
