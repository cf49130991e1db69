import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Logger } from "../../../lib/platform/logger.ts";
import { listenOnLoopback } from "../facade/loopback.ts";
import type { Principals } from "../facade/principals.ts";
import type { IamAuthorizer } from "../iam/authorizer.ts";
import type { S3Hooks } from "./faults.ts";
import { createKeyLocks } from "./key-locks.ts";
import { createNotifications, type Notifications } from "./notifications.ts";
import { createRequestHandler } from "./request-handler.ts";
import { createUpstream } from "./upstream.ts";

export type S3FrontDeps = {
  /** S3Mock's HTTP address. */
  readonly s3MockUrl: string;
  readonly principals: Principals;
  readonly authorizer: Pick<IamAuthorizer, "check" | "isAllowed">;
  readonly logger: Logger;
  readonly hooks?: S3Hooks;
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly now?: () => number;
  readonly requestId?: () => string;
};

export type S3Front = Pick<Notifications, "onObjectCreated"> & {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
};

/**
 * S3 for the units: authenticates by access key, asks IAM, then passes the request to S3Mock. S3Mock checks and writes in
 * two steps, so writers of one key are let through one at a time and readers never meet a writer. What engines write to
 * S3Mock directly passes neither IAM nor the notifications.
 */
export async function createS3Front(deps: S3FrontDeps): Promise<S3Front> {
  const { now = Date.now, requestId = randomUUID, logger } = deps;
  const upstream = createUpstream(deps.s3MockUrl);
  const notifications = createNotifications({
    now,
    onError: (error) => logger.error("s3-notification-failed", { error: String(error) }),
  });
  const handle = createRequestHandler({ ...deps, now, requestId, upstream, notifications, locks: createKeyLocks() });
  const server = createServer((request, response) => void handle(request, response));
  const { port, close } = await listenOnLoopback(server, deps.port);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    onObjectCreated: notifications.onObjectCreated,
    close: async () => {
      await close();
      upstream.close();
    },
  };
}
