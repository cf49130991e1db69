import { randomUUID } from "node:crypto";
import { localAccount } from "../account.ts";
import { type Authorizer, AwsError, type Principal } from "../service.ts";
import type { AssumeRole, Clock, DeliverTo } from "../unit.ts";
import type { ScheduleConfig } from "./schedule-config.ts";

export type SchedulerDeps = {
  readonly clock: Clock;
  readonly assumeRole: AssumeRole;
  readonly authorizer: Pick<Authorizer, "check">;
  /** Hands the event to a function asynchronously; returns the request id. */
  readonly invokeAsync: (functionArn: string, payload: string) => string;
  readonly deliver: DeliverTo;
  /** What went wrong with a tick, for the person who looks. */
  readonly onProblem: (schedule: string, reason: string) => void;
};

export type Scheduler = {
  /** Checks role and permission, then runs by the clock unless the schedule is disabled. */
  put(config: ScheduleConfig): Promise<void>;
  /** One tick now, also of a disabled schedule; returns the invocation's request id. Throws when it is refused. */
  fire(name: string): Promise<string>;
  find(name: string, group?: string): ScheduleConfig;
  list(): readonly ScheduleConfig[];
  /** When each enabled schedule fires next, in milliseconds of the clock. */
  upcoming(): readonly { readonly name: string; readonly atMs: number }[];
  stop(): void;
};

type Entry = {
  readonly config: ScheduleConfig;
  readonly createdMs: number;
  nextMs: number | undefined;
  cancel: () => void;
};

const firstRetryMs = 1000;
const longestRetryMs = 60_000;
/** A timer is set for at most this long, then looked at again: clocks of laptops jump after sleep. */
const longestWaitMs = 60_000;

/** EventBridge Scheduler. A tick that was missed while the machine slept is skipped; the next one comes on time. */
export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { clock } = deps;
  const entries = new Map<string, Entry>();
  const retries = new Set<() => void>();
  let isStopped = false;

  const find = (name: string, group?: string): Entry => {
    const found = [...entries.values()].find(
      ({ config }) => config.name === name && (group === undefined || config.group === group),
    );
    if (found !== undefined) return found;
    throw new AwsError("ResourceNotFoundException", `Schedule ${name} does not exist.`, 404);
  };

  const principalOf = (config: ScheduleConfig): Promise<Principal> =>
    deps.assumeRole("scheduler.amazonaws.com", config.roleArn, {
      "aws:SourceAccount": localAccount.accountId,
      "aws:SourceArn": config.arn.replace(":schedule/", ":schedule-group/").replace(/\/[^/]*$/, ""),
    });

  const invoke = async (config: ScheduleConfig, scheduledMs: number, attempt: number): Promise<string> => {
    const principal = await principalOf(config);
    await deps.authorizer.check(principal, [{ action: "lambda:InvokeFunction", resource: config.targetArn }]);
    return deps.invokeAsync(config.targetArn, inputOf(config, scheduledMs, attempt));
  };

  const tick = async (config: ScheduleConfig, scheduledMs: number, attempt: number): Promise<void> => {
    try {
      await invoke(config, scheduledMs, attempt);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const delayMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (attempt - 1));
      const isTooOld = clock.now() + delayMs - scheduledMs > config.maximumEventAgeMs;
      if (isStopped) return;
      if (attempt > config.maximumRetryAttempts || isTooOld) return giveUp(config, scheduledMs, reason);
      const cancel = clock.after(delayMs, () => {
        retries.delete(cancel);
        void tick(config, scheduledMs, attempt + 1);
      });
      retries.add(cancel);
    }
  };

  const giveUp = async (config: ScheduleConfig, scheduledMs: number, reason: string): Promise<void> => {
    deps.onProblem(config.name, reason);
    if (config.deadLetterArn === undefined) return;
    const delivery = {
      destinationArn: config.deadLetterArn,
      key: `${config.name}/${scheduledMs}`,
      body: inputOf(config, scheduledMs, 1),
    };
    try {
      await deps.deliver(await principalOf(config), delivery);
    } catch (error) {
      deps.onProblem(config.name, `dead-letter queue: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const arm = (entry: Entry): void => {
    if (isStopped || entry.nextMs === undefined) return;
    const dueMs = entry.nextMs;
    entry.cancel = clock.after(Math.min(longestWaitMs, dueMs - clock.now()), () => {
      if (clock.now() >= dueMs) {
        void tick(entry.config, dueMs, 1);
        // From now, not from the tick: what lies between was missed and is not made up for.
        entry.nextMs = entry.config.times.next(clock.now(), entry.createdMs);
      }
      arm(entry);
    });
  };

  return {
    put: async (config) => {
      const principal = await principalOf(config);
      await deps.authorizer.check(principal, [{ action: "lambda:InvokeFunction", resource: config.targetArn }]);
      entries.get(config.arn)?.cancel();
      const createdMs = clock.now();
      const nextMs = config.isEnabled ? config.times.next(createdMs, createdMs) : undefined;
      const entry: Entry = { config, createdMs, nextMs, cancel: () => {} };
      entries.set(config.arn, entry);
      arm(entry);
    },
    fire: async (name) => invoke(find(name).config, clock.now(), 1),
    find: (name, group) => find(name, group).config,
    list: () => [...entries.values()].map(({ config }) => config),
    upcoming: () =>
      [...entries.values()].flatMap(({ config, nextMs }) =>
        nextMs === undefined ? [] : [{ name: config.name, atMs: nextMs }],
      ),
    stop: () => {
      isStopped = true;
      for (const { cancel } of entries.values()) cancel();
      for (const cancel of retries) cancel();
    },
  };
}

/** The target's input with Scheduler's context attributes filled in. */
function inputOf(config: ScheduleConfig, scheduledMs: number, attempt: number): string {
  const time = `${new Date(scheduledMs).toISOString().slice(0, 19)}Z`;
  return config.input
    .replaceAll("<aws.scheduler.scheduled-time>", time)
    .replaceAll("<aws.scheduler.schedule-arn>", config.arn)
    .replaceAll("<aws.scheduler.execution-id>", randomUUID())
    .replaceAll("<aws.scheduler.attempt-number>", String(attempt));
}
