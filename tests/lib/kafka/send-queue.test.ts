import { expect, test } from "@jest/globals";
import type { Headers, OutRecord, RecordWriter, SendResult } from "../../../lib/kafka/ports.ts";
import { maxBatchBytes, maxBatchRecords, SendQueue } from "../../../lib/kafka/send-queue.ts";
import { ManualClock, settle } from "../../shim/manual-clock.ts";

type Call = {
  readonly topic: string;
  readonly partition: number;
  readonly values: string[];
  readonly records: readonly OutRecord[];
  readonly stamp: Headers;
  readonly answer: PromiseWithResolvers<SendResult>;
};

function setUp(options: { maxBufferedBytes?: number; auto?: boolean } = {}) {
  const clock = new ManualClock();
  const calls: Call[] = [];
  const writer: RecordWriter = {
    send: (topic, partition, { records, stamp }) => {
      const answer = Promise.withResolvers<SendResult>();
      calls.push({ topic, partition, values: records.map(({ value }) => value.toString()), records, stamp, answer });
      if (options.auto === true) answer.resolve({ kind: "acked" });
      return answer.promise;
    },
  };
  const failures: unknown[] = [];
  let stamps = 0;
  const acked: string[] = [];
  const refused: string[] = [];
  const queue = new SendQueue<string>({
    writer,
    clock,
    lingerMs: 50,
    maxBufferedBytes: options.maxBufferedBytes ?? 1e9,
    stamp: () => ({ cursor: String(stamps++) }),
    onAcked: (value) => acked.push(value),
    onRefused: (value) => refused.push(value),
    onFailed: (error) => failures.push(error),
  });
  const add = (value: string, partition = 0, size = 0): void => {
    const bytes = size > 0 ? Buffer.alloc(size, value) : Buffer.from(value);
    queue.add("t", partition, { key: Buffer.from("k"), value: bytes, headers: { own: "1" } }, value);
  };
  return { clock, calls, queue, failures, acked, refused, add };
}

test("a lone record waits for company, then goes with it, stamped at that moment", async () => {
  const { clock, calls, add } = setUp();
  add("a");
  await clock.advance(49);
  add("b");
  expect(calls).toHaveLength(0);
  await clock.advance(1);
  expect(calls.map(({ values }) => values)).toEqual([["a", "b"]]);
  expect(calls[0]?.records[0]?.headers).toEqual({ own: "1" });
  expect(calls[0]?.stamp).toEqual({ cursor: "0" });
});

test("a partition has one batch in flight; other partitions do not wait for it", async () => {
  const { clock, calls, acked, add } = setUp();
  add("a");
  await clock.advance(50);
  add("b");
  add("c", 1);
  await clock.advance(500);
  expect(calls.map(({ partition, values }) => [partition, values])).toEqual([
    [0, ["a"]],
    [1, ["c"]],
  ]);
  calls[0]?.answer.resolve({ kind: "acked" });
  await settle();
  expect(calls[2]?.values).toEqual(["b"]);
  expect(acked).toEqual(["a"]);
});

test("a batch stays below the limits of records and bytes", async () => {
  const { clock, calls, add } = setUp({ auto: true });
  for (let index = 0; index < maxBatchRecords * 2; index += 1) add("x");
  await clock.advance(100);
  expect(calls.every(({ records }) => records.length <= maxBatchRecords)).toBe(true);
  const large = setUp({ auto: true });
  for (let index = 0; index < 5; index += 1) large.add("x", 0, maxBatchBytes / 2);
  await large.clock.advance(100);
  expect(large.calls.map(({ records }) => records.length)).toEqual([1, 1, 1, 1, 1]);
});

test("a record that is too large is found by halving, and its neighbours are sent in order", async () => {
  const { clock, calls, acked, refused, add } = setUp();
  for (const value of ["a", "b", "BAD", "c"]) add(value);
  await clock.advance(50);
  for (let index = 0; index < calls.length; index += 1) {
    const call = calls[index];
    call?.answer.resolve({ kind: call.values.includes("BAD") ? "too_large" : "acked" });
    await settle();
  }
  expect(acked).toEqual(["a", "b", "c"]);
  expect(refused).toEqual(["BAD"]);
});

test("after a failed send nothing is sent or acknowledged any more, and nobody is left waiting", async () => {
  const { clock, calls, queue, failures, acked, add } = setUp({ maxBufferedBytes: 1 });
  add("a");
  add("b", 1);
  await clock.advance(50);
  const room = queue.room();
  const drained = queue.drain();
  calls[0]?.answer.reject(new Error("unknown outcome"));
  await room;
  await drained;
  calls[1]?.answer.resolve({ kind: "acked" });
  add("c");
  await clock.advance(500);
  expect(failures).toHaveLength(1);
  expect(calls).toHaveLength(2);
  expect(acked).toEqual([]);
  expect(queue.room()).toBeUndefined();
});

test("there is no room above the limit until the broker has acknowledged", async () => {
  const { clock, calls, queue, add } = setUp({ maxBufferedBytes: 1_000 });
  expect(queue.room()).toBeUndefined();
  add("x", 0, 2_000);
  let isOpen = false;
  void queue.room()?.then(() => {
    isOpen = true;
  });
  await clock.advance(1_000);
  expect(isOpen).toBe(false);
  calls[0]?.answer.resolve({ kind: "acked" });
  await settle();
  expect([isOpen, queue.bufferedBytes]).toEqual([true, 0]);
});

test("draining ends when everything is acknowledged", async () => {
  const { clock, queue, acked, add } = setUp({ auto: true });
  for (const partition of [0, 1, 2]) add(`p${partition}`, partition);
  const drained = queue.drain();
  await clock.advance(50);
  await drained;
  expect(acked.sort()).toEqual(["p0", "p1", "p2"]);
  await queue.drain();
});
