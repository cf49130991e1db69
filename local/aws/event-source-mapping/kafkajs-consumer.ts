import { type Admin, type Consumer, type IHeaders, Kafka, type KafkaMessage, logLevel } from "kafkajs";
import type { ConsumerListener, ConsumerOptions, ConsumerPort, CreateConsumer, PartitionLag } from "./consumer-port.ts";
import type { KafkaRecord } from "./kafka-record.ts";

/** A fetch that finds nothing returns after this: the longest that a resumed partition waits for its next fetch. */
const maxWaitMs = 300;
/**
 * Bytes of a fetch, compressed. The client's own 10 MB are 40,000 events, which kept this process, in which every local
 * service runs, from anything else for a second and a half.
 */
const maxFetchBytes = 3 * 1024 * 1024;
/** A dead member's partitions are free after this; the broker's own least is 6 s. */
const sessionTimeoutMs = 10_000;
const heartbeatMs = 2000;
const restartDelayMs = 1000;
/** Leaving a group whose broker is away must not hold up a stop; the session times out by itself. */
const leaveGraceMs = 5000;

/** Group members over kafkajs against `brokers` (plain text on loopback). */
export function kafkaConsumers(brokers: () => readonly string[]): CreateConsumer {
  return (options) => createKafkaConsumer(brokers, options);
}

/**
 * One group member. eachBatch hands records over and returns at once, so heartbeats go on however long a function runs;
 * offsets are committed by the owner alone. Restarted for as long as it is not stopped, whatever the broker does.
 */
function createKafkaConsumer(brokers: () => readonly string[], options: ConsumerOptions): ConsumerPort {
  const { topic, groupId } = options;
  const kafka = new Kafka({
    clientId: `mapping-${groupId}`,
    brokers: async () => [...brokers()],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 200, maxRetryTime: 3000, retries: 8 },
  });
  const admin = kafka.admin();
  let adminReady: Promise<void> | undefined;
  let consumer: Consumer | undefined;
  let isJoined = false;
  let isStopped = false;

  const connectedAdmin = async (): Promise<Admin> => {
    adminReady ??= admin.connect();
    await adminReady.catch((error: unknown) => {
      adminReady = undefined;
      throw error;
    });
    return admin;
  };

  const run = async (listener: ConsumerListener): Promise<void> => {
    const member = kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: maxWaitMs,
      maxBytes: maxFetchBytes,
      retry: { initialRetryTime: 200, maxRetryTime: 3000, retries: 8, restartOnFailure: async () => !isStopped },
    });
    consumer = member;
    member.on("consumer.group_join", ({ payload }) => {
      isJoined = true;
      if (consumer === member) listener.onAssigned(payload.memberAssignment[topic] ?? []);
    });
    member.on("consumer.crash", ({ payload }) => {
      isJoined = false;
      if (isStopped) return;
      listener.onFailure(payload.error.message);
      if (!payload.restart) setTimeout(() => void again(listener), restartDelayMs);
    });
    await member.connect();
    await member.subscribe({ topic, fromBeginning: options.startingPosition.kind !== "latest" });
    await member.run({
      autoCommit: false,
      eachBatch: async ({ batch, isStale }) => {
        if (isStale() || consumer !== member) return;
        listener.onRecords(
          batch.partition,
          batch.messages.map((message) => recordOf(topic, batch.partition, message)),
        );
      },
    });
  };

  const again = async (listener: ConsumerListener): Promise<void> => {
    if (isStopped) return;
    await consumer?.disconnect().catch(() => {});
    if (isStopped) return;
    await run(listener).catch((error: unknown) => {
      listener.onFailure(error instanceof Error ? error.message : String(error));
      setTimeout(() => void again(listener), restartDelayMs);
    });
  };

  const lag = async (): Promise<readonly PartitionLag[]> => {
    const ready = await connectedAdmin();
    const [ends, groups] = await Promise.all([
      ready.fetchTopicOffsets(topic),
      ready.fetchOffsets({ groupId, topics: [topic] }),
    ]);
    const committed = new Map(groups[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.map(({ partition, high, low }) => {
      const known = committed.get(partition) ?? -1;
      const next = known < 0 ? undefined : known;
      const end = Number(high);
      const start = Number(low);
      return { partition, committed: next, start, end, lag: Math.max(0, end - Math.max(start, next ?? start)) };
    });
  };

  return {
    lag,
    start: async (listener) => {
      await pinStart(await connectedAdmin(), options);
      await run(listener);
    },
    stop: async () => {
      isStopped = true;
      const leaving = Promise.allSettled([
        consumer?.disconnect(),
        adminReady === undefined ? undefined : admin.disconnect(),
      ]);
      adminReady = undefined;
      await Promise.race([leaving, new Promise((resolve) => setTimeout(resolve, leaveGraceMs).unref())]);
    },
    pause: (partition) => consumer?.pause([{ topic, partitions: [partition] }]),
    resume: (partition) => consumer?.resume([{ topic, partitions: [partition] }]),
    seek: (partition, offset) => consumer?.seek({ topic, partition, offset: String(offset) }),
    commit: async (offsets) => {
      // kafkajs resolves without doing anything when it is not running.
      if (consumer === undefined || !isJoined) throw new Error("the consumer is not in its group");
      await consumer.commitOffsets(offsets.map(({ partition, next }) => ({ topic, partition, offset: String(next) })));
    },
  };
}

/**
 * A group without offsets gets those of its starting position at once: "latest" must not mean a later latest after a
 * rebalance. A group that has offsets keeps them, as on AWS.
 */
async function pinStart(admin: Admin, { topic, groupId, startingPosition }: ConsumerOptions): Promise<void> {
  if (startingPosition.kind === "earliest") return;
  const [group] = await admin.fetchOffsets({ groupId, topics: [topic] });
  if (group?.partitions.some(({ offset }) => Number(offset) >= 0)) return;
  const positions =
    startingPosition.kind === "latest"
      ? await admin.fetchTopicOffsets(topic)
      : await admin.fetchTopicOffsetsByTimestamp(topic, startingPosition.timestampMs);
  const partitions = positions.map(({ partition, offset }) => ({ partition, offset }));
  await admin.setOffsets({ groupId, topic, partitions });
}

/** kafkajs's fetch context, which its types leave out: 1 is LogAppendTime. */
type WithContext = { readonly batchContext?: { readonly timestampType?: number } };

function recordOf(topic: string, partition: number, message: KafkaMessage): KafkaRecord {
  const { batchContext } = message as WithContext; // set by kafkajs's record decoder
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    timestampType: batchContext?.timestampType === 1 ? "LOG_APPEND_TIME" : "CREATE_TIME",
    key: message.key,
    value: message.value,
    headers: headersOf(message.headers),
  };
}

function headersOf(headers: IHeaders | undefined): KafkaRecord["headers"] {
  if (headers === undefined) return [];
  return Object.entries(headers).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values.map((one) => [name, typeof one === "string" ? Buffer.from(one) : one] as const);
  });
}
