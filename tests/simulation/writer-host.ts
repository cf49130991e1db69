import type { BronzeWriterDeps } from "../../handlers/bronze-writer/deps.ts";
import { toPoisonRow, writeBronze } from "../../handlers/bronze-writer/write-bronze.ts";
import type { DeadLetterWriterDeps } from "../../handlers/dead-letter-writer/deps.ts";
import { writeDlqEvent, writeFailedBatch } from "../../handlers/dead-letter-writer/write-dead-letters.ts";
import type { PartialFailures } from "../../lib/core/msk-event.ts";
import { createAthenaEngine } from "../../lib/lake/athena-query-engine.ts";
import { bronzeTarget } from "../../lib/lake/commit-bronze.ts";
import type { EpochReport } from "../../lib/lake/commit-loop.ts";
import { commitPolicy } from "../../lib/lake/commit-policy.ts";
import { createS3ObjectStore } from "../../lib/lake/s3-object-store.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { judgeVersion } from "../../lib/steps/judge-record.ts";
import { deadLetterReaderVersion } from "../../lib/steps/read-dead-letter.ts";
import type { FakeAthena } from "./fake-athena.ts";
import type { FakeS3 } from "./fake-s3.ts";
import { createProcess, type Ground, type SimProcess } from "./process.ts";

export type Outcome = { readonly kind: "answered"; readonly failures: PartialFailures } | { readonly kind: "failed" };

export type WriterHost = {
  bronze(event: unknown): Promise<Outcome>;
  deadLetters(event: unknown): Promise<Outcome>;
  failedBatch(key: string): Promise<Outcome>;
};

export type WriterHostOptions = {
  readonly s3: FakeS3;
  readonly athena: FakeAthena;
  readonly timeoutMs: number;
  readonly onEpoch: (report: EpochReport) => void;
  readonly onMetric: (name: string, value: number) => void;
  /** A world takes a clause away by changing what the writers are given. */
  readonly alter: (deps: BronzeWriterDeps) => BronzeWriterDeps;
  readonly answer: (failures: PartialFailures) => PartialFailures;
};

/** As the handlers keep it back. */
const marginMs = 20_000;

/** Runs the code of the two writers as functions: each invocation is a process with a time limit. */
export function createWriterHost(ground: Ground, options: WriterHostOptions): WriterHost {
  const { scheduler, plan, trace } = ground;
  let invocations = 0;
  const invoke = async (name: string, run: (process: SimProcess) => Promise<PartialFailures>): Promise<Outcome> => {
    invocations += 1;
    const process = createProcess(ground, {
      name: `${name}-${invocations}`,
      kill: "lambda.kill",
      pause: "lambda.pause",
    });
    const work = run(process).then(
      (failures): Outcome => ({ kind: "answered", failures: options.answer(failures) }),
      (error: unknown): Outcome => {
        if (error instanceof TypeError || error instanceof ReferenceError) ground.broken(error);
        trace(`${process.name} throws ${error}`);
        return { kind: "failed" };
      },
    );
    const limit = scheduler.sleep(options.timeoutMs).then((): Outcome => {
      // A sandbox is ended by its time limit; one that was frozen may go on when it is thawed.
      if (plan.random("zombie") < 0.5) process.kill();
      return { kind: "failed" };
    });
    return Promise.race([work, process.death.then((): Outcome => ({ kind: "failed" })), limit]);
  };
  const deadline = (): number => scheduler.now() + options.timeoutMs - marginMs;
  return {
    bronze: (event) =>
      invoke("bronze", (process) =>
        writeBronze(options.alter(bronzeDeps(ground, options, process)), event, deadline()),
      ),
    deadLetters: (event) =>
      invoke("dead-letters", (process) => writeDlqEvent(deadLetterDeps(ground, options, process), event, deadline())),
    failedBatch: (key) =>
      invoke("failed-batch", async (process) => {
        await writeFailedBatch(deadLetterDeps(ground, options, process), key, deadline());
        return { batchItemFailures: [] };
      }),
  };
}

function bronzeDeps(
  { scheduler, plan, trace }: Ground,
  options: WriterHostOptions,
  process: SimProcess,
): BronzeWriterDeps {
  const clock = { now: scheduler.now, sleep: process.sleep };
  const random = (): number => plan.random("lake");
  const client = options.athena.client(process);
  return {
    store: createS3ObjectStore({ client: options.s3.client(process), bucket: "stage", clock, random }),
    engine: createAthenaEngine({ starter: client, reader: client }),
    clock,
    random,
    newUuid: () => `uuid-${plan.between("uuid", 0, 2 ** 40)}`,
    log: createLogger({ base: { process: process.name }, now: scheduler.now, write: trace }),
    metrics: {
      put: (metrics) => {
        for (const { name, value } of metrics) options.onMetric(name, value);
      },
    },
    onEpoch: (report) => {
      trace(`${process.name} closes ${JSON.stringify(report)}`);
      options.onEpoch(report);
    },
    target: bronzeTarget({ bronze: "b", stage: "s" }, "w"),
    policy: commitPolicy,
    judgeVersion,
    toPoisonRow: (entry, reason) => toPoisonRow(entry, reason, scheduler.now()),
  };
}

function deadLetterDeps(ground: Ground, options: WriterHostOptions, process: SimProcess): DeadLetterWriterDeps {
  const deps = options.alter(bronzeDeps(ground, options, process));
  const { clock, random } = deps;
  const failures = createS3ObjectStore({ client: options.s3.client(process), bucket: "failures", clock, random });
  const toPoisonRow = (): never => {
    throw new Error("a dead letter has no dead letter");
  };
  return { ...deps, failures, judgeVersion: deadLetterReaderVersion, toPoisonRow };
}
