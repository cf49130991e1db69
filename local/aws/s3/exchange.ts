import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../../../lib/platform/logger.ts";
import type { Principals } from "../facade/principals.ts";
import type { IamAuthorizer } from "../iam/authorizer.ts";
import type { Principal } from "../service.ts";
import type { S3Call, S3Fault, S3Hooks } from "./faults.ts";
import type { KeyLocks } from "./key-locks.ts";
import type { Notifications } from "./notifications.ts";
import type { S3Operation, S3Request } from "./operation.ts";
import { S3Error } from "./s3-error.ts";
import type { Upstream } from "./upstream.ts";

export type HandlerDeps = {
  readonly principals: Principals;
  readonly authorizer: Pick<IamAuthorizer, "check" | "isAllowed">;
  readonly logger: Logger;
  readonly hooks?: S3Hooks;
  readonly now: () => number;
  readonly requestId: () => string;
  readonly upstream: Upstream;
  readonly notifications: Notifications;
  readonly locks: KeyLocks;
};

/** One request on its way. */
export type Exchange = {
  readonly request: S3Request;
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly operation: S3Operation;
  readonly principal: Principal;
  readonly requestId: string;
};

/** The connection is to break without an answer. */
export class LostAnswer extends Error {}

/** What hooks are told of a request. */
export const callOf = ({ operation, request, principal }: Exchange): S3Call => ({
  operation: operation.name,
  bucket: request.bucket,
  key: request.key,
  roleId: principal.roleId,
});

/** Turns a hook's verdict into what the caller sees. */
export function throwFault(fault: S3Fault | undefined): void {
  if (fault?.kind === "lose") throw new LostAnswer();
  if (fault?.kind === "answer") throw new S3Error(fault.code, fault.message ?? fault.code, fault.status);
}
