import { randomBytes, randomUUID } from "node:crypto";
import { arn, localAccount } from "../account.ts";
import { AwsError } from "../service.ts";
import type { AssumeRole, Clock } from "../unit.ts";
import type { Application } from "./application.ts";
import { type JobEnd, type JobProcess, type JobProcessDeps, parametersOf, startJobProcess } from "./job-process.ts";
import { isFinal, type JobRun, type JobRunState, type StartRequest } from "./job-run.ts";
import { createRunStore, type RunStore } from "./run-store.ts";

/** EventBridge's event of a state change. */
export type JobStateEvent = {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": "EMR Serverless Job Run State Change";
  readonly source: "aws.emr-serverless";
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, string | undefined>>;
};

export type JobRunnerDeps = JobProcessDeps & {
  readonly assumeRole: AssumeRole;
  readonly clock: Clock;
  readonly onStateChange: (event: JobStateEvent) => void;
};

export type JobRunner = {
  register(application: Application): void;
  application(id: string): Application;
  applications(): readonly Application[];
  /** The same token and request give the same run again; the same token with another request is refused. */
  start(request: StartRequest, createdBy: string): JobRun;
  find(applicationId: string, jobRunId: string): JobRun;
  list(applicationId: string): readonly JobRun[];
  cancel(applicationId: string, jobRunId: string): JobRun;
  /** Resolves with the run once its state is final. */
  finished(jobRunId: string): Promise<JobRun>;
  /** Ends what runs; such runs are FAILED. */
  stop(): Promise<void>;
};

/** Python gets this long to end its session after a cancel. */
const cancelGraceMs = 10_000;
const stopGraceMs = 3000;

/** Runs jobs: at most as many at a time as the application's scheduler allows, the others wait in order. */
export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const { clock } = deps;
  const store = createRunStore(deps.stateDir);
  const applications = new Map<string, Application>();
  const processes = new Map<string, JobProcess>();
  const queue: string[] = [];
  const queueTimers = new Map<string, () => void>();
  const active = new Set<string>();
  const drives = new Set<Promise<void>>();
  const waiters = new Map<string, ((run: JobRun) => void)[]>();
  let isStopped = false;

  const application = (id: string): Application => {
    const found = applications.get(id);
    if (found !== undefined) return found;
    throw new AwsError("ResourceNotFoundException", `Application ${id} does not exist`, 404);
  };

  const change = (run: JobRun, state: JobRunState, stateDetails = ""): JobRun => {
    const nowMs = clock.now();
    const next: JobRun = {
      ...run,
      state,
      stateDetails,
      updatedMs: nowMs,
      ...(state === "RUNNING" ? { startedMs: nowMs } : {}),
      ...(isFinal(state) ? { endedMs: nowMs } : {}),
    };
    store.save(next);
    deps.onStateChange(stateEvent(next, run.state));
    if (isFinal(state)) for (const wake of take(waiters, next.jobRunId)) wake(next);
    return next;
  };

  const current = (jobRunId: string): JobRun => {
    const run = store.find(jobRunId);
    if (run !== undefined) return run;
    throw new AwsError("ResourceNotFoundException", `JobRun ${jobRunId} does not exist`, 404);
  };

  const leaveQueue = (jobRunId: string): boolean => {
    const place = queue.indexOf(jobRunId);
    if (place < 0) return false;
    queue.splice(place, 1);
    queueTimers.get(jobRunId)?.();
    queueTimers.delete(jobRunId);
    return true;
  };

  const startNext = (app: Application): void => {
    while (!isStopped && active.size < app.maxConcurrentRuns) {
      const jobRunId = queue.find((id) => current(id).request.applicationId === app.id);
      if (jobRunId === undefined) return;
      leaveQueue(jobRunId);
      active.add(jobRunId);
      const driven = drive(jobRunId, app).finally(() => {
        drives.delete(driven);
        active.delete(jobRunId);
        processes.delete(jobRunId);
        startNext(app);
      });
      drives.add(driven);
    }
  };

  const drive = async (jobRunId: string, app: Application): Promise<void> => {
    let run = change(change(current(jobRunId), "PENDING"), "SCHEDULED");
    try {
      const principal = await deps.assumeRole("emr-serverless.amazonaws.com", run.request.executionRoleArn, {
        "aws:SourceArn": app.arn,
        "aws:SourceAccount": localAccount.accountId,
      });
      const child = await startJobProcess(run, principal, deps);
      processes.set(jobRunId, child);
      if (isFinal(current(jobRunId).state) || isStopped) child.kill(stopGraceMs);
      else if (current(jobRunId).state !== "CANCELLING") run = change(current(jobRunId), "RUNNING");
      const timeoutMs = run.request.executionTimeoutMinutes * 60_000;
      const cancelTimer = clock.after(timeoutMs, () =>
        requestCancel(jobRunId, "Job run exceeded its execution timeout"),
      );
      const end = await child.ended.finally(cancelTimer);
      finish(current(jobRunId), end);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!isFinal(current(jobRunId).state)) change(current(jobRunId), "FAILED", `Job failed to start. ${reason}`);
    }
  };

  const finish = (run: JobRun, end: JobEnd): void => {
    if (isFinal(run.state)) return;
    if (run.state === "CANCELLING") return void change(run, "CANCELLED", run.stateDetails);
    if (isStopped) return void change(run, "FAILED", "The local runtime stopped while the job ran.");
    if (end.exitCode === 0) return void change(run, "SUCCESS");
    const how = end.signal === null ? `ExitCode: ${end.exitCode}` : `Signal: ${end.signal}`;
    change(
      run,
      "FAILED",
      `Job failed, please check complete logs in configured logging destination. ${how}. Last few exceptions: ${end.lastLine}`,
    );
  };

  const requestCancel = (jobRunId: string, reason: string): void => {
    const run = current(jobRunId);
    if (isFinal(run.state) || run.state === "CANCELLING") return;
    const cancelling = change(run, "CANCELLING", reason);
    if (leaveQueue(jobRunId)) change(cancelling, "CANCELLED", reason);
    processes.get(jobRunId)?.kill(cancelGraceMs);
  };

  for (const run of store.all()) {
    if (!isFinal(run.state)) change(run, "FAILED", "The local runtime stopped while the job ran.");
  }
  return {
    register: (app) => void applications.set(app.id, app),
    application,
    applications: () => [...applications.values()],
    start: (request, createdBy) => {
      const app = application(request.applicationId);
      const known = sameToken(store, request);
      if (known !== undefined) return known;
      parametersOf({ request });
      const run = newRun(request, app, createdBy, clock.now());
      store.save(run);
      deps.onStateChange(stateEvent(run, ""));
      queue.push(run.jobRunId);
      startNext(app);
      if (current(run.jobRunId).state === "SUBMITTED") {
        change(run, "QUEUED");
        const expire = (): void => requestCancel(run.jobRunId, "Job run exceeded its queue timeout");
        queueTimers.set(run.jobRunId, clock.after(app.queueTimeoutMs, expire));
      }
      return current(run.jobRunId);
    },
    find: (applicationId, jobRunId) => {
      const run = current(jobRunId);
      if (run.request.applicationId === applicationId) return run;
      throw new AwsError("ResourceNotFoundException", `JobRun ${jobRunId} does not exist`, 404);
    },
    list: (applicationId) => store.all().filter(({ request }) => request.applicationId === applicationId),
    cancel: (applicationId, jobRunId) => {
      const run = current(jobRunId);
      if (run.request.applicationId !== applicationId || isFinal(run.state)) {
        throw new AwsError("ValidationException", `JobRun ${jobRunId} cannot be cancelled: it is ${run.state}`);
      }
      requestCancel(jobRunId, "Job run was cancelled by its owner");
      return current(jobRunId);
    },
    finished: (jobRunId) => {
      const run = current(jobRunId);
      if (isFinal(run.state)) return Promise.resolve(run);
      return new Promise((resolve) => waiters.set(jobRunId, [...(waiters.get(jobRunId) ?? []), resolve]));
    },
    stop: async () => {
      isStopped = true;
      for (const cancel of queueTimers.values()) cancel();
      for (const child of processes.values()) child.kill(stopGraceMs);
      await Promise.all(drives);
    },
  };
}

function newRun(request: StartRequest, app: Application, createdBy: string, nowMs: number): JobRun {
  const jobRunId = `00${nowMs.toString(36)}${randomBytes(4).toString("hex")}`;
  return {
    jobRunId,
    arn: arn("emr-serverless", `/applications/${app.id}/jobruns/${jobRunId}`),
    createdBy,
    request,
    releaseLabel: app.releaseLabel,
    state: "SUBMITTED",
    stateDetails: "",
    createdMs: nowMs,
    updatedMs: nowMs,
  };
}

function sameToken(store: RunStore, request: StartRequest): JobRun | undefined {
  const { applicationId, clientToken } = request;
  const known = store
    .all()
    .find(({ request: other }) => other.applicationId === applicationId && other.clientToken === clientToken);
  if (known === undefined || JSON.stringify(known.request) === JSON.stringify(request)) return known;
  throw new AwsError("ConflictException", `clientToken ${clientToken} was used for another request`, 409);
}

function stateEvent(run: JobRun, previousState: string): JobStateEvent {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "EMR Serverless Job Run State Change",
    source: "aws.emr-serverless",
    account: localAccount.accountId,
    time: iso(run.updatedMs),
    region: localAccount.region,
    resources: [],
    detail: {
      jobRunId: run.jobRunId,
      jobRunName: run.request.name,
      applicationId: run.request.applicationId,
      arn: run.arn,
      releaseLabel: run.releaseLabel,
      state: run.state,
      previousState,
      createdBy: run.createdBy,
      updatedAt: iso(run.updatedMs),
      createdAt: iso(run.createdMs),
    },
  };
}

function take<Key, Value>(map: Map<Key, Value[]>, key: Key): Value[] {
  const found = map.get(key) ?? [];
  map.delete(key);
  return found;
}
