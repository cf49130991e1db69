import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "@jest/globals";
import type { PartialFailures } from "../../lib/core/msk-event.ts";
import { recordHeaders } from "../../lib/core/record-headers.ts";
import type { CommitPolicy } from "../../lib/lake/commit-policy.ts";
import { databases, openLakeRoom } from "../lib/lake/lake-room.ts";
import { type EmfLine, expectAccounted, readTables, writerCounts } from "../support/accounting.ts";
import { createMoments, type SlotText } from "./moments.ts";
import { type Defence, startWriter, type WriterProcess } from "./writer-process.ts";

/** Seconds for the protocol's minutes: what matters is their order, which stays. */
const quick: Partial<CommitPolicy> = { commitIntervalMs: 0, settleMs: 1_500, helpAfterMs: 300 };
/** Longer than any step of a test that goes well. */
const patienceMs = 90_000;

export type Delivery = {
  readonly from?: number;
  readonly to?: number;
  readonly policy?: Partial<CommitPolicy>;
  readonly without?: readonly Defence[];
  readonly deadlineInMs?: number;
  readonly givesUp?: boolean;
};

export type SlotRoom = Awaited<ReturnType<typeof openSlotRoom>>;

/** The bronze tables on the real engines, writers as processes, and a hand on every step between them. */
export async function openSlotRoom() {
  const moments = createMoments(async (key) => {
    const stored = await room.store.get(key);
    if (stored === undefined) return undefined;
    return JSON.parse(Buffer.from(stored.body).toString()) as SlotText; // written by the slot store
  });
  const room = await openLakeRoom({ athena: moments.athena, s3: moments.s3 });
  await room.migrate();
  let topics = 0;

  /** A topic of its own with records 0 … count − 1, and the deliveries made of it. */
  const openTopic = (count: number, badEvery = 0) => {
    topics += 1;
    const topic = `raw-events-${topics}`;
    const isBad = (offset: number): boolean => badEvery > 0 && offset % badEvery === badEvery - 1;
    const writers: WriterProcess[] = [];
    const deliver = (delivery: Delivery = {}): WriterProcess => {
      const { from = 0, to = count, policy, without = [], deadlineInMs = patienceMs, givesUp = false } = delivery;
      const event = mskEvent(topic, from, to, isBad);
      const order = { event, policy: { ...quick, ...policy }, without, deadlineInMs, givesUp };
      const writer = startWriter(room.environment, order);
      writers.push(writer);
      return writer;
    };
    const metrics = (): EmfLine[] => writers.flatMap((writer) => writer.metrics);
    const tables = () => readTables(room.sql, databases.bronze, { raw: topic, dlq: "none" });
    const ids = async (): Promise<(string | undefined)[]> =>
      (
        await room.sql(`SELECT DISTINCT event_id FROM ${databases.bronze}.raw_events WHERE kafka_topic = '${topic}'`)
      ).map(([id]) => id);
    /** Every record once, every accepted id there, no other, and every counter in agreement. */
    const expectOnce = async ({ untold }: { readonly untold: boolean }): Promise<void> => {
      const offsets = Array.from({ length: count }, (_, offset) => offset);
      const accepted = offsets.filter((offset) => !isBad(offset)).map((offset) => eventId(topic, offset));
      expect((await ids()).toSorted()).toEqual(accepted.toSorted());
      expect(await room.store.list("pending/")).toEqual([]);
      const sent = { raw: count, dlq: 0 };
      const shim = { received: count, canaries: 0, duplicates: 0, acked: count, rejected: 0, inFlight: 0, sent };
      const stored = await tables();
      const writers = writerCounts(metrics(), stored);
      const counts = { shim, topics: sent, waiting: { raw: 0, dlq: 0 }, writers, tables: stored };
      expectAccounted(counts, { untold });
    };
    return { topic, deliver, writers, tables, expectOnce, metrics };
  };

  return {
    ...room,
    moments,
    openTopic,
    /** Nothing of a test is left for the next: neither a process nor a marker nor an open slot. */
    reset: async (writers: readonly WriterProcess[]): Promise<void> => {
      moments.reset();
      for (const { child } of writers) child.kill("SIGKILL");
      await Promise.all(writers.map(({ answer }) => answer));
      for (const prefix of ["pending/", "commit/"])
        for (const { key } of await room.store.list(prefix)) await room.store.delete(key);
    },
  };
}

export type Topic = ReturnType<SlotRoom["openTopic"]>;

const eventId = (topic: string, offset: number): string => `${topic}-${offset}`;

/** A batch as the mapping sends it. */
function mskEvent(topic: string, from: number, to: number, isBad: (offset: number) => boolean): unknown {
  const bytes = (text: string): number[] => [...Buffer.from(text)];
  const headers = [{ [recordHeaders.sourceKind]: bytes("replay") }];
  const records = Array.from({ length: to - from }, (_, index) => {
    const offset = from + index;
    const meta = { id: eventId(topic, offset), dt: "2026-11-21T11:30:00Z", domain: "en.wikipedia.org" };
    const text = isBad(offset) ? "{" : JSON.stringify({ meta, wiki: "enwiki", type: "edit", title: "'; --" });
    const timestamp = Date.UTC(2026, 10, 21, 12) + offset;
    return { topic, partition: 0, offset, timestamp, headers, value: Buffer.from(text).toString("base64") };
  });
  return { eventSource: "aws:kafka", records: { [`${topic}-0`]: records } };
}

export const acknowledged: PartialFailures = { batchItemFailures: [] };

/**
 * A run without a defence must go wrong. Two statements that are to meet may miss each other on a busy machine: it is tried
 * six times (of three, all missed once in some ten runs).
 */
export async function expectDoubled(attempt: () => Promise<Topic>): Promise<void> {
  for (let left = 6; left > 0; left -= 1) {
    const topic = await attempt();
    const { repeated } = await topic.tables();
    if (repeated > 0) return;
  }
  throw new Error("without this defence nothing went wrong: the test does not test it");
}

export async function waitUntil(what: () => boolean, ms = 90_000): Promise<void> {
  for (const endMs = Date.now() + ms; !what(); ) {
    if (Date.now() > endMs) throw new Error("what was waited for did not happen");
    await sleep(20);
  }
}
