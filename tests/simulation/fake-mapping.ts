import type { PartialFailures } from "../../lib/core/msk-event.ts";
import type { FakeBroker, LogRecord } from "./fake-broker.ts";
import type { FakeS3 } from "./fake-s3.ts";
import type { Ground } from "./process.ts";
import type { Outcome, WriterHost } from "./writer-host.ts";

export type MappingOptions = {
  readonly topic: string;
  readonly broker: FakeBroker;
  readonly s3: FakeS3;
  readonly batchSize: number;
  readonly pollers: number;
  readonly invoke: (event: unknown) => Promise<Outcome>;
  readonly invokeFailed: WriterHost["failedBatch"];
  /** Called with what one invocation acknowledged, at that moment. */
  readonly onAcked: (records: readonly LogRecord[]) => void;
};

export type FakeMapping = {
  /** Everything that the topic holds is committed, and no record of a failure waits to be written. */
  isDrained(): boolean;
  /** The topic was made anew: the group starts at the beginning. */
  reset(): void;
  end(): void;
};

/** Between two looks of a poller that found nothing. */
const idleMs = 8_000;
/** Failed attempts after which a mapping may lose patience. */
const leastAttempts = 2;

/**
 * An event-source mapping: pollers share the partitions, each delivers a batch until it is acknowledged, in the order of
 * each partition. It may deliver more than once: whole, in halves, cut elsewhere, to two at once.
 */
export function createFakeMapping(ground: Ground, options: MappingOptions): FakeMapping {
  const { scheduler, plan, trace } = ground;
  const { topic, broker, s3, batchSize, pollers, invoke } = options;
  const count = broker.partitions.get(topic) ?? 0;
  const committed = new Map<number, number>();
  let generation = 0;
  let isOver = false;
  let failuresWaiting = 0;
  let failures = 0;

  const take = (poller: number, size: number): LogRecord[] => {
    const batch: LogRecord[] = [];
    for (let partition = poller; partition < count; partition += pollers) {
      const from = committed.get(partition) ?? 0;
      batch.push(...broker.log(topic, partition).slice(from, from + size - batch.length));
    }
    return batch;
  };
  /** One invocation; answers what was acknowledged of it. */
  const deliver = async (batch: readonly LogRecord[]): Promise<readonly LogRecord[]> => {
    const outcome = await invoke(toEvent(batch));
    const acked = outcome.kind === "failed" ? [] : ackedOf(batch, outcome.failures);
    options.onAcked(acked);
    return acked;
  };
  const commit = (acked: readonly LogRecord[], of: number): void => {
    if (of !== generation) return; // the group has moved on: an old member's commit is refused
    for (const { partition, offset } of acked) {
      if (offset === (committed.get(partition) ?? 0)) committed.set(partition, offset + 1);
    }
  };
  const attempt = async (batch: readonly LogRecord[], of: number): Promise<void> => {
    const half = batch.slice(0, Math.ceil(batch.length / 2));
    const rest = batch.slice(half.length);
    const isHalved = rest.length > 0 && plan.strikes("mapping.bisect");
    const isTwice = plan.strikes("mapping.twice");
    if (isTwice || isHalved)
      trace(`${topic}: a batch of ${batch.length} is delivered ${isTwice ? "twice" : "in halves"}`);
    const parts = isHalved ? [half, rest, ...(isTwice ? [batch] : [])] : isTwice ? [batch, batch] : [batch];
    // What comes back first counts; the others go on.
    const answers = await Promise.all(parts.map(deliver));
    for (const acked of answers) commit(acked, of);
  };
  const giveUp = (batch: readonly LogRecord[], attempts: number): void => {
    failures += 1;
    failuresWaiting += 1;
    const key = `aws/lambda/${topic}/${failures}`;
    trace(`${topic}: gives up on ${batch.length} records, ${key}`);
    const requestContext = { condition: "RetriesExhausted", approximateInvokeCount: attempts };
    s3.put("failures", key, Buffer.from(JSON.stringify({ requestContext, payload: JSON.stringify(toEvent(batch)) })));
    const write = async (): Promise<void> => {
      while ((await options.invokeFailed(key)).kind === "failed") await scheduler.sleep(30_000);
      options.onAcked(batch);
      failuresWaiting -= 1;
    };
    write().catch(ground.broken);
  };
  const poll = async (poller: number): Promise<void> => {
    let retry: readonly LogRecord[] = [];
    let attempts = 0;
    for (let own = generation; !isOver; ) {
      if (own !== generation || (retry.length > 0 && plan.strikes("mapping.shift"))) [retry, attempts] = [[], 0];
      own = generation;
      const size = plan.random("size") < 0.3 ? Math.ceil(batchSize / 2) : batchSize;
      const batch = retry.length > 0 ? retry : take(poller, size);
      if (batch.length === 0) {
        await scheduler.sleep(idleMs * (0.5 + plan.random("poll-ms")));
        continue;
      }
      const work = attempt(batch, own);
      // A rebalance gives the partitions to another member while the function still works.
      const isMoved = plan.strikes("mapping.rebalance");
      if (isMoved) {
        work.catch(ground.broken);
        await scheduler.sleep(plan.random("rebalance-ms") * 20_000);
        generation += 1;
        continue;
      }
      await work;
      attempts += 1;
      retry =
        own === generation ? batch.filter(({ partition, offset }) => offset >= (committed.get(partition) ?? 0)) : [];
      if (retry.length === 0) attempts = 0;
      else if (attempts >= leastAttempts && plan.strikes("mapping.gives-up")) {
        giveUp(retry, attempts);
        commit(retry, own);
        [retry, attempts] = [[], 0];
      } else await scheduler.sleep(2_000 + plan.random("retry-ms") * 20_000);
    }
  };
  for (let poller = 0; poller < pollers; poller += 1) poll(poller).catch(ground.broken);
  return {
    isDrained: () =>
      failuresWaiting === 0 &&
      Array.from({ length: count }, (_, partition) => partition).every(
        (partition) => (committed.get(partition) ?? 0) >= broker.log(topic, partition).length,
      ),
    reset: () => {
      committed.clear();
      generation += 1;
    },
    end: () => {
      isOver = true;
    },
  };
}

/** Of each partition what stands before the first offset that is reported as failed. */
function ackedOf(batch: readonly LogRecord[], { batchItemFailures }: PartialFailures): readonly LogRecord[] {
  const first = new Map(batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => [partition, offset]));
  return batch.filter(
    ({ topic, partition, offset }) => offset < (first.get(`${topic}-${partition}`) ?? Number.POSITIVE_INFINITY),
  );
}

function toEvent(batch: readonly LogRecord[]): unknown {
  const records: Record<string, unknown[]> = {};
  for (const { topic, partition, offset, timestampMs, value, headers } of batch) {
    const name = `${topic}-${partition}`;
    const list = records[name] ?? [];
    records[name] = list;
    list.push({
      topic,
      partition,
      offset,
      timestamp: timestampMs,
      timestampType: "CREATE_TIME",
      value: value.toString("base64"),
      headers: Object.entries(headers).map(([name, text]) => ({ [name]: [...Buffer.from(text)] })),
    });
  }
  return { eventSource: "aws:kafka", records };
}
