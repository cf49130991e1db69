import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "@jest/globals";
import { opsRecordSchema } from "../../lib/core/ops-record.ts";
import { type AwsStub, startAwsStub } from "../shim/aws-stub.ts";
import { idOf } from "../shim/event-id.ts";
import { type LiveFeed, startLiveFeed } from "../shim/live-feed.ts";
import { createTopics, readTopic } from "../shim/read-topic.ts";
import { baseEnvironment } from "../shim/shim-harness.ts";
import { type ShimProcess, startShimProcess } from "../shim/shim-process.ts";
import { type EmfLine, expectAccounted, isEmfLine, shimCounts, writerCounts } from "../support/accounting.ts";
import { startTestEngines } from "../support/engines.ts";
import { seededRandom } from "../support/seeded-random.ts";

const altered = fileURLToPath(new URL("./shim-main.ts", import.meta.url));

/** A defence of the shim that a run can be done without; see shim-main.ts. */
export type ShimDefence = "low-water-mark" | "leader-writes" | "all-replicas";
export type LoadOptions = {
  readonly total: number;
  readonly without?: ShimDefence;
  /** Brokers die before they answer: what they stored is sent again, and counts of the shim and of the topic part. */
  readonly answersLost?: boolean;
};

export type ShimRoom = Awaited<ReturnType<typeof openShimRoom>>;
export type Load = Awaited<ReturnType<ShimRoom["openLoad"]>>;

const ratePerSecond = 400;
const patienceMs = 120_000;

/** A real Kafka, a feed over HTTP that is under load, and shims as processes. */
export async function openShimRoom(brokerCount: 1 | 3) {
  const started = await startTestEngines({ only: ["kafka"], brokers: brokerCount });
  const { engines } = started;
  const folder = mkdtempSync(join(tmpdir(), "wikilake-faults-"));
  let round = 0;

  /** Topics, a feed and a cursor store of its own; `close` ends all of it. */
  const openLoad = async ({ total, without, answersLost = false }: LoadOptions) => {
    round += 1;
    const { brokers } = engines.kafka;
    const names = { raw: `raw-${round}`, dlq: `dlq-${round}`, ops: `ops-${round}` };
    await createTopics(brokers, { [names.raw]: 12, [names.dlq]: 1, [names.ops]: 1 });
    const aws: AwsStub = await startAwsStub(brokers.join(","));
    const feed: LiveFeed = await startLiveFeed({ total, ratePerSecond, cutEveryMs: 1_500 });
    const since = new Date(Date.now() - 60_000).toISOString();
    const shims: ShimProcess[] = [];
    const start = (): ShimProcess => {
      const topics = { RAW_TOPIC: names.raw, DLQ_TOPIC: names.dlq, OPS_TOPIC: names.ops };
      const own = { HEALTH_FILE: join(folder, "healthy"), PATH: process.env["PATH"] ?? "" };
      const source = { SOURCE_URL: feed.url.href, SOURCE_START: since };
      const environment = { ...baseEnvironment, ...topics, ...aws.environment, ...own, ...source };
      // A longer linger keeps more on its way at any moment: what goes wrong then goes wrong at once.
      const shim =
        without === undefined
          ? startShimProcess(environment)
          : startShimProcess({ ...environment, WITHOUT: without, LINGER_MS: "700" }, altered);
      shims.push(shim);
      return shim;
    };
    const ids = async (): Promise<string[]> => (await readTopic(brokers, names.raw)).map(idOf);
    const expected = (): string[] => feed.sent.map((_, index) => `live-${index}`);
    const kill = async (shim: ShimProcess): Promise<void> => {
      shim.child.kill("SIGKILL");
      expect(await shim.ended).toBe("SIGKILL");
    };
    /** Waits until the shim has told of that many records, or of some. */
    const underLoad = (shim: ShimProcess): Promise<void> =>
      until(() => shim.lines.some(({ code }) => code === "cursor-recovered")).then(() => sleep(1_500));
    return {
      feed,
      aws,
      start,
      kill,
      underLoad,
      /** Ids that the source sent and Kafka does not have, once the source has nothing more and the shim is done. */
      missing: async (shim: ShimProcess, ms = patienceMs): Promise<string[]> => {
        await until(() => feed.sent.length === total);
        const endMs = Date.now() + ms;
        for (;;) {
          // A broker that is being restarted does not answer a reader either.
          const answer = await Promise.race([ids().catch(() => []), sleep(20_000, [] as string[])]);
          const stored = new Set(answer);
          const left = expected().filter((id) => !stored.has(id));
          if (left.length === 0 || Date.now() > endMs || shim.child.exitCode !== null) return left;
          await sleep(1_000);
        }
      },
      /** Ends the shims that live in good order; all that ever lived told the truth. */
      finish: async (...living: readonly ShimProcess[]): Promise<void> => {
        for (const shim of living) {
          shim.child.kill("SIGTERM");
          expect(await shim.ended).toBe(0);
        }
        const stored = await ids();
        expect(new Set(stored)).toEqual(new Set(expected()));
        const lines = shims.flatMap(({ lines: of, child }) =>
          of.filter(isEmfLine).map((line): EmfLine => ({ ...line, process: child.pid })),
        );
        const topics = { raw: stored.length, dlq: (await readTopic(brokers, names.dlq)).length };
        for (const { value } of await readTopic(brokers, names.ops)) opsRecordSchema.parse(JSON.parse(value));
        const tables = { events: 0, refused: 0, deadLetters: 0, repeated: 0, holes: 0 };
        const writers = writerCounts([], tables);
        const counts = { shim: shimCounts(lines, topics), topics, waiting: topics, writers, tables };
        expectAccounted(counts, { untold: shims.length > living.length || answersLost });
      },
      close: async (): Promise<void> => {
        for (const { child } of shims) child.kill("SIGKILL");
        await feed.close();
        await aws.close();
      },
    };
  };

  const pidOf = (name: string): number => {
    const pid = engines.processes().find((process) => process.name === name)?.pid;
    if (pid === undefined) throw new Error(`${name} does not run`);
    return pid;
  };
  return {
    openLoad,
    /** Stops a broker in its tracks, or wakes it, or kills it: the supervisor starts a killed one again. */
    signal: (name: string, signal: NodeJS.Signals): void => void process.kill(pidOf(name), signal),
    close: async (): Promise<void> => {
      rmSync(folder, { recursive: true, force: true });
      await started.close();
    },
  };
}

export async function until(what: () => boolean | Promise<boolean>, ms = patienceMs): Promise<void> {
  for (const endMs = Date.now() + ms; !(await what()); await sleep(200)) {
    if (Date.now() > endMs) throw new Error("what was waited for did not happen");
  }
}

/** The seed of this run's random moments: WIKILAKE_SEED, or one of the clock. It is printed, so that a run can be repeated. */
export function printedSeed(): () => number {
  const seed = Number(process.env["WIKILAKE_SEED"] ?? Date.now() % 1_000_000);
  process.stderr.write(`random moments: WIKILAKE_SEED=${seed}\n`);
  return seededRandom(seed);
}
