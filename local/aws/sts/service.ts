import { localAccount } from "../account.ts";
import { AwsError, type AwsService } from "../service.ts";

/** Who am I: needs no permission, as on AWS. Roles are assumed by the runtime itself, so AssumeRole is not here. */
export function createStsService(): AwsService {
  return {
    name: "sts",
    protocol: "query",
    permissions: () => [],
    handle: async ({ operation, principal }) => {
      if (operation !== "GetCallerIdentity") {
        throw new AwsError("UnknownOperationException", `The action ${operation} is not valid for this endpoint.`);
      }
      return { body: { Arn: principal.arn, UserId: principal.roleId, Account: localAccount.accountId } };
    },
  };
}
