import type { ConsumerListener, ConsumerPort } from "../../local/aws/event-source-mapping/consumer-port.ts";

export type FakeTopic = {
  readonly consumer: ConsumerPort;
  /** Appends records; nothing is fetched until `fetch`. */
  produce(partition: number, count: number, valueBytes?: number): void;
  /** One fetch of each owned, unpaused partition: at most `most` records of each. */
  fetch(most?: number): void;
  /** A new generation: the member owns these partitions and starts at the committed offsets. */
  join(partitions: readonly number[]): void;
  committed(partition: number): number;
  readonly commits: { readonly partition: number; readonly next: number }[];
  failCommits(isFailing: boolean): void;
  readonly paused: Set<number>;
};

/** A topic in memory with a group of one, for mappings without a broker. */
export function createFakeTopic(partitions: number): FakeTopic {
  const logs = Array.from({ length: partitions }, () => [] as Uint8Array[]);
  const committed = new Map<number, number>();
  const positions = new Map<number, number>();
  const paused = new Set<number>();
  const commits: { partition: number; next: number }[] = [];
  let owned: readonly number[] = [];
  let listener: ConsumerListener | undefined;
  let commitsFail = false;

  const join = (next: readonly number[]): void => {
    owned = next;
    for (const partition of next) positions.set(partition, committed.get(partition) ?? 0);
    listener?.onAssigned(next);
  };
  return {
    commits,
    paused,
    join,
    committed: (partition) => committed.get(partition) ?? 0,
    failCommits: (isFailing) => {
      commitsFail = isFailing;
    },
    produce: (partition, count, valueBytes = 4) => {
      for (let index = 0; index < count; index += 1) logs[partition]?.push(Buffer.alloc(valueBytes, 120));
    },
    fetch: (most = 1000) => {
      for (const partition of owned) {
        if (paused.has(partition)) continue;
        const from = positions.get(partition) ?? 0;
        const values = logs[partition]?.slice(from, from + most) ?? [];
        if (values.length === 0) continue;
        positions.set(partition, from + values.length);
        const records = values.map((value, index) => ({
          topic: "t",
          partition,
          offset: from + index,
          timestampMs: 0,
          timestampType: "CREATE_TIME" as const,
          key: null,
          value,
          headers: [],
        }));
        listener?.onRecords(partition, records);
      }
    },
    consumer: {
      start: async (given) => {
        listener = given;
        join(logs.map((_, partition) => partition));
      },
      stop: async () => {
        listener = undefined;
      },
      pause: (partition) => void paused.add(partition),
      resume: (partition) => void paused.delete(partition),
      seek: (partition, offset) => void positions.set(partition, offset),
      commit: async (offsets) => {
        if (commitsFail) throw new Error("coordinator is away");
        for (const { partition, next } of offsets) {
          committed.set(partition, next);
          commits.push({ partition, next });
        }
      },
      lag: async () =>
        logs.map((log, partition) => ({
          partition,
          committed: committed.get(partition),
          start: 0,
          end: log.length,
          lag: log.length - (committed.get(partition) ?? 0),
        })),
    },
  };
}
