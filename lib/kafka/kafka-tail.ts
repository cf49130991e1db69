import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Clock } from "../platform/clock.ts";
import { KafkaError } from "./errors.ts";
import type { TailReader } from "./ports.ts";

/** Records read at the end of each partition: more than one, so that a single foreign one without the header hides nothing. */
const recordsPerTail = 20;
/** A partition that gave nothing after this is asked again from further back: its newest offsets may hold no record. */
const stepBackMs = 5_000;
const deadlineMs = 60_000;
const pollMs = 20;

type Tail = {
  readonly topic: string;
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
  from: bigint;
  isRead: boolean;
};

/**
 * Reads the ends of topics. kafkajs reads only as a member of a group, so each call joins one of its own (two starts
 * at once must not share the partitions) and commits nothing, so the group leaves no trace.
 */
export function createTailReader(kafka: Kafka, groupId: string, clock: Clock): TailReader {
  return {
    newestHeaders: async (topics, header) => {
      const tails = await findTails(kafka, topics);
      if (tails.length === 0) return [];
      const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 });
      try {
        return await readTails(consumer, tails, header, clock);
      } finally {
        await consumer.disconnect();
      }
    },
  };
}

/** The partitions that hold anything: not those that are new, or whose records have all expired. */
async function findTails(kafka: Kafka, topics: readonly string[]): Promise<Tail[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const tails: Tail[] = [];
    for (const topic of topics) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
        const bounds = { low: BigInt(low), high: BigInt(high) };
        if (bounds.high <= bounds.low) continue;
        tails.push({ topic, partition, ...bounds, from: back(bounds, BigInt(recordsPerTail)), isRead: false });
      }
    }
    return tails;
  } finally {
    await admin.disconnect();
  }
}

async function readTails(consumer: Consumer, tails: readonly Tail[], header: string, clock: Clock): Promise<string[]> {
  const found: string[] = [];
  const take = async ({ batch }: EachBatchPayload): Promise<void> => {
    const tail = tails.find(({ topic, partition }) => topic === batch.topic && partition === batch.partition);
    if (tail === undefined) return;
    for (const { headers, offset } of batch.messages) {
      const value = headers?.[header];
      if (Buffer.isBuffer(value)) found.push(value.toString("utf8"));
      if (BigInt(offset) >= tail.high - 1n) tail.isRead = true;
    }
  };
  const fetches = { count: 0 };
  consumer.on(consumer.events.FETCH, () => {
    fetches.count += 1;
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [...new Set(tails.map(({ topic }) => topic))], fromBeginning: false });
  await consumer.run({ autoCommit: false, eachBatch: take });
  for (const tail of tails) seek(consumer, tail);
  await waitForAll(consumer, tails, fetches, clock);
  return found;
}

async function waitForAll(
  consumer: Consumer,
  tails: readonly Tail[],
  fetches: { count: number },
  clock: Clock,
): Promise<void> {
  const startMs = clock.monotonic();
  let stepped = { atMs: startMs, fetches: 0 };
  for (;;) {
    const open = tails.filter(({ isRead }) => !isRead);
    if (open.length === 0) return;
    const nowMs = clock.monotonic();
    if (nowMs - startMs > deadlineMs) throw unreadable(open);
    if (nowMs - stepped.atMs > stepBackMs && fetches.count > stepped.fetches) {
      stepped = { atMs: nowMs, fetches: fetches.count };
      for (const tail of open) stepBack(consumer, tail);
    }
    await clock.sleep(pollMs);
  }
}

/** From its very beginning, and still nothing up to the end, while the broker answers: there is no record left. */
function stepBack(consumer: Consumer, tail: Tail): void {
  if (tail.from === tail.low) {
    tail.isRead = true;
    return;
  }
  tail.from = back(tail, (tail.high - tail.from) * 100n);
  seek(consumer, tail);
}

function seek(consumer: Consumer, { topic, partition, from }: Tail): void {
  consumer.seek({ topic, partition, offset: from.toString() });
}

function back({ low, high }: Pick<Tail, "low" | "high">, count: bigint): bigint {
  return high - count > low ? high - count : low;
}

function unreadable(open: readonly Tail[]): KafkaError {
  const names = open.map(({ topic, partition }) => `${topic}/${partition}`).join(", ");
  const message = `the newest records of ${names} could not be read: starting without them could lose the cursor`;
  return new KafkaError("KAFKA_TAIL_UNREADABLE", message, { retriable: true });
}
