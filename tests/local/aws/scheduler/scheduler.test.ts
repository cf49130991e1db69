import { describe, expect, test } from "@jest/globals";
import { readSchedule, type ScheduleConfig } from "../../../../local/aws/scheduler/schedule-config.ts";
import { createScheduler, type Scheduler } from "../../../../local/aws/scheduler/scheduler.ts";
import { AwsError } from "../../../../local/aws/service.ts";
import type { Delivery } from "../../../../local/aws/unit.ts";
import { createManualClock, type ManualClock, settle } from "../../../support/manual-clock.ts";

const functionArn = "arn:aws:lambda:eu-west-1:000000000000:function:start-job";
const noon = Date.UTC(2026, 10, 21, 12, 3);

function schedule(change: Record<string, unknown> = {}, target: Record<string, unknown> = {}): ScheduleConfig {
  return readSchedule({
    logicalId: "Cycle",
    type: "AWS::Scheduler::Schedule",
    properties: {
      Name: "cycle",
      GroupName: "wikilake-test",
      ScheduleExpression: "cron(0/10 * * * ? *)",
      FlexibleTimeWindow: { Mode: "OFF" },
      Target: {
        Arn: functionArn,
        RoleArn: "arn:aws:iam::000000000000:role/scheduler",
        Input: '{"job":"cycle","scheduledTime":"<aws.scheduler.scheduled-time>"}',
        RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 300 },
        ...target,
      },
      ...change,
    },
  });
}

type Bench = {
  readonly clock: ManualClock;
  readonly scheduler: Scheduler;
  readonly invoked: string[];
  readonly delivered: Delivery[];
  readonly problems: string[];
};

function bench(options: { invoke?: () => void; allowed?: boolean; trusted?: boolean } = {}): Bench {
  const clock = createManualClock(noon);
  const invoked: string[] = [];
  const delivered: Delivery[] = [];
  const problems: string[] = [];
  const scheduler = createScheduler({
    clock,
    assumeRole: async (_service, arn) => {
      if (options.trusted === false) throw new AwsError("AccessDeniedException", "no trust", 403);
      return { arn, roleId: "SchedulerRole" };
    },
    authorizer: {
      check: async () => {
        if (options.allowed === false) throw new AwsError("AccessDeniedException", "no invoke", 403);
      },
    },
    invokeAsync: (_, payload) => {
      options.invoke?.();
      invoked.push(payload);
      return "request";
    },
    deliver: async (_, delivery) => void delivered.push(delivery),
    onProblem: (_, reason) => problems.push(reason),
  });
  return { clock, scheduler, invoked, delivered, problems };
}

const minutes = (count: number): number => count * 60_000;

describe("a schedule", () => {
  test("hands its input to the function at each tick, with the scheduled time filled in", async () => {
    const { clock, scheduler, invoked } = bench();
    await scheduler.put(schedule());
    expect(scheduler.upcoming()).toEqual([{ name: "cycle", atMs: noon + minutes(7) }]);
    await clock.advance(minutes(18));
    expect(invoked.map((text) => JSON.parse(text))).toEqual([
      { job: "cycle", scheduledTime: "2026-11-21T12:10:00Z" },
      { job: "cycle", scheduledTime: "2026-11-21T12:20:00Z" },
    ]);
  });

  test("that is disabled fires only by hand", async () => {
    const { clock, scheduler, invoked } = bench();
    await scheduler.put(schedule({ State: "DISABLED" }));
    await clock.advance(minutes(60));
    expect(invoked).toEqual([]);
    expect(await scheduler.fire("cycle")).toBe("request");
    expect(invoked).toHaveLength(1);
    await expect(scheduler.fire("other")).rejects.toMatchObject({ code: "ResourceNotFoundException" });
  });

  test("does not make up for ticks that a sleeping machine missed", async () => {
    const { clock, scheduler, invoked } = bench();
    await scheduler.put(schedule());
    // All timers of an hour are late and fire at once.
    const late = clock.now;
    const jump = minutes(60);
    Object.assign(clock, { now: () => late() + jump });
    await clock.advance(minutes(1));
    await settle();
    expect(invoked).toHaveLength(1);
  });

  test("tries again as its retry policy says, then goes to the dead-letter queue", async () => {
    let fails = 2;
    const failing = bench({
      invoke: () => {
        fails -= 1;
        if (fails >= 0) throw new Error("throttled");
      },
    });
    await failing.scheduler.put(schedule());
    await failing.clock.advance(minutes(8));
    expect(failing.invoked).toHaveLength(1);
    fails = 100;
    const queue = "arn:aws:sqs:eu-west-1:000000000000:failures";
    await failing.scheduler.put(schedule({}, { DeadLetterConfig: { Arn: queue } }));
    await failing.clock.advance(minutes(10));
    expect(failing.delivered).toMatchObject([{ destinationArn: queue }]);
    expect(failing.problems).toEqual(["throttled"]);
  });

  test("is refused when its role is not Scheduler's to take or may not invoke the function", async () => {
    await expect(bench({ trusted: false }).scheduler.put(schedule())).rejects.toThrow("no trust");
    await expect(bench({ allowed: false }).scheduler.put(schedule())).rejects.toThrow("no invoke");
  });

  test.each([
    ["a target that nothing here runs", {}, { Arn: "arn:aws:scheduler:::aws-sdk:emrserverless:startJobRun" }],
    ["input that is no JSON", {}, { Input: "{" }],
    ["a flexible window", { FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 5 } }, {}],
  ])("with %s is refused", (_, change, target) => {
    expect(() => schedule(change, target)).toThrow(expect.objectContaining({ code: "ValidationException" }));
  });

  test("stops for good", async () => {
    const { clock, scheduler, invoked } = bench();
    await scheduler.put(schedule());
    scheduler.stop();
    await clock.advance(minutes(60));
    expect(invoked).toEqual([]);
  });
});
