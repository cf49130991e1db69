import type { Principal } from "./service.ts";

/**
 * What every running unit (function, task, job, mapping) needs of IAM. The trust policy of the role is asked with the
 * service's principal, e.g. `lambda.amazonaws.com`. Throws AwsError where AWS would refuse.
 */
export type AssumeRole = (
  servicePrincipal: string,
  roleArn: string,
  context?: Readonly<Record<string, string>>,
) => Promise<Principal>;

/** Endpoint addresses, region and credentials by which a unit's AWS SDK finds the local services as its role. */
export type EnvironmentFor = (principal: Principal) => Readonly<Record<string, string>>;

/** Where a failed invocation's record goes: the ARN of a queue, topic or bucket; `key` matters to buckets only. */
export type Delivery = { readonly destinationArn: string; readonly key: string; readonly body: string };

/** Delivers as a principal (its permission is checked); throws AwsError when refused. */
export type DeliverTo = (principal: Principal, delivery: Delivery) => Promise<void>;

/** Time, replaceable in tests and by a speed factor. */
export type Clock = {
  now(): number;
  /** Runs `action` once after `delayMs` of this clock's time; the return value cancels it. */
  after(delayMs: number, action: () => void): () => void;
};

/** Node refuses longer timers and fires them at once. */
const longestTimerMs = 2_147_483_647;

/** The machine's clock, or one that runs `speed` times as fast from the moment it is made. */
export function createClock(speed = 1): Clock {
  const startedAt = Date.now();
  return {
    now: () => (speed === 1 ? Date.now() : startedAt + (Date.now() - startedAt) * speed),
    after: (delayMs, action) => {
      const timer = setTimeout(action, Math.min(Math.max(0, delayMs / speed), longestTimerMs));
      return () => clearTimeout(timer);
    },
  };
}
