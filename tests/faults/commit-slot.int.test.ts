import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { databases } from "../lib/lake/lake-room.ts";
import { together } from "./moments.ts";
import { acknowledged, expectDoubled, openSlotRoom, type SlotRoom, type Topic, waitUntil } from "./slot-room.ts";
import type { Defence } from "./writer-process.ts";

// Real engines, the handler's code in processes of its own, and a fault at one named step. Each test also runs without the
// defence that it is about and asserts that the promise breaks then.
jest.setTimeout(300_000);

let room: SlotRoom;
let opened: Topic[] = [];

beforeAll(async () => {
  room = await openSlotRoom();
});
afterAll(() => room?.close());
afterEach(async () => {
  await room.reset(opened.flatMap(({ writers }) => writers));
  opened = [];
});

const records = 40;
function openTopic(count = records, badEvery = 0): Topic {
  const topic = room.openTopic(count, badEvery);
  opened.push(topic);
  return topic;
}
/** A fresh start within a test, for its run without the defence. */
async function again(count = records): Promise<Topic> {
  await room.reset(opened.flatMap(({ writers }) => writers));
  return openTopic(count);
}

const { at, hold, misbehave } = {
  at: (...of: Parameters<SlotRoom["moments"]["at"]>) => room.moments.at(...of),
  hold: (...of: Parameters<SlotRoom["moments"]["hold"]>) => room.moments.hold(...of),
  misbehave: (...of: Parameters<SlotRoom["moments"]["misbehave"]>) => room.moments.misbehave(...of),
};

type Named = Parameters<SlotRoom["moments"]["at"]>[0];

/** Delivers all records to a writer that dies at the moment. */
async function killedAt(topic: Topic, moment: Named): Promise<void> {
  const writer = topic.deliver();
  at(moment, () => {
    writer.child.kill("SIGKILL");
    return undefined;
  });
  expect(await writer.answer).toBeUndefined();
}

/** Without its defence a second statement comes, however long that takes here; with it the first waits for nobody long. */
const heldFor = (without: readonly Defence[], ms: number) => together(2, without.length > 0 ? 20_000 : ms);

const inserted = (): number => room.moments.insertions.length;

describe("a writer is killed", () => {
  test("after staging: nothing is acknowledged, and the redelivery meets its own stage object", async () => {
    const topic = openTopic(records, 5);
    await killedAt(topic, "staged");
    // Without the redelivery they would be lost: nobody else knows of them.
    expect(await topic.tables()).toMatchObject({ events: 0, refused: 0 });
    const staged = await room.store.list("stage/raw_events/");
    expect(await topic.deliver().answer).toEqual(acknowledged);
    await topic.expectOnce({ untold: true });
    expect(await room.store.list("stage/raw_events/")).toEqual(staged);
  });

  test("between opening the slot and starting the query: the next sends what is recorded", async () => {
    const topic = openTopic();
    await killedAt(topic, "opened");
    const idle = topic.deliver({ without: ["resend"], deadlineInMs: 4_000 });
    expect((await idle.answer)?.batchItemFailures).toHaveLength(1);
    expect(await topic.tables()).toMatchObject({ events: 0 });
    expect(await topic.deliver().answer).toEqual(acknowledged);
    await topic.expectOnce({ untold: true });
  });

  const killedAfterStart = async (topic: Topic, without: readonly Defence[]): Promise<void> => {
    misbehave({ delay: heldFor(without, 4_000) });
    await killedAt(topic, "accepted");
    expect(await topic.deliver({ without }).answer).toEqual(acknowledged);
  };
  test("after the start, its id recorded nowhere: the same token finds the same query", async () => {
    const topic = openTopic();
    await killedAfterStart(topic, []);
    expect(inserted()).toBe(1);
    await topic.expectOnce({ untold: true });
    await expectDoubled(async () => {
      const other = await again();
      await killedAfterStart(other, ["token"]);
      return other;
    });
  });

  test("after the commit: the next finds the query that the slot names", async () => {
    const topic = openTopic(records, 5);
    await killedAt(topic, "committed");
    expect(await topic.deliver().answer).toEqual(acknowledged);
    await topic.expectOnce({ untold: true });
    await expectDoubled(async () => {
      const other = await again();
      await killedAt(other, "committed");
      await other.deliver({ without: ["one-slot", "not-exists"] }).answer;
      return other;
    });
  });

  test("after everything, before its answer: the redelivery finds its rows there and adds none", async () => {
    const topic = openTopic();
    await killedAt(topic, "closed");
    expect(await topic.deliver().answer).toEqual(acknowledged);
    expect(inserted()).toBe(2);
    await topic.expectOnce({ untold: true });
    await expectDoubled(async () => {
      const other = await again();
      await killedAt(other, "closed");
      await other.deliver({ without: ["not-exists"] }).answer;
      return other;
    });
  });
});

describe("the same records are delivered again", () => {
  /** All are staged before any looks at the slot. */
  const atOnce = async (topic: Topic, ranges: readonly (readonly [number, number])[], without: readonly Defence[]) => {
    let staged = 0;
    const counted = (): undefined => {
      staged += 1;
    };
    at("marked", counted, ranges.length);
    const allStaged = async (): Promise<undefined> => waitUntil(() => staged >= ranges.length).then(() => undefined);
    at("reading-slot", allStaged, ranges.length);
    const writers = ranges.map(([from, to]) => topic.deliver({ from, to, without }));
    return Promise.all(writers.map(({ answer }) => answer));
  };
  const cuts = [
    [0, 40],
    [0, 20],
    [20, 40],
    [20, 60],
  ] as const;

  test("whole, bisected and shifted by half, all staged at once: never two overlapping in one statement", async () => {
    const topic = openTopic(60);
    expect(await atOnce(topic, cuts, [])).toEqual(cuts.map(() => acknowledged));
    await topic.expectOnce({ untold: false });
    await expectDoubled(async () => {
      const other = await again(60);
      await atOnce(other, cuts, ["overlap-rule"]);
      return other;
    });
  });

  test("to two invocations at once: one opens, both acknowledge", async () => {
    const twice = async (topic: Topic, without: readonly Defence[]): Promise<unknown> => {
      misbehave({ delay: heldFor(without, 2_000) });
      let reading = 0;
      const both = async (): Promise<undefined> => {
        reading += 1;
        await waitUntil(() => reading === 2);
        return undefined;
      };
      at("reading-slot", both, 2);
      return Promise.all([topic.deliver({ without }).answer, topic.deliver({ without }).answer]);
    };
    const topic = openTopic();
    expect(await twice(topic, [])).toEqual([acknowledged, acknowledged]);
    expect(inserted()).toBe(1);
    await topic.expectOnce({ untold: false });
    await expectDoubled(async () => {
      const other = await again();
      await twice(other, ["one-slot"]);
      return other;
    });
  });
});

describe("an owner", () => {
  /** The owner is stopped when it has opened; another sends, and the owner wakes while that statement runs. */
  const pausedOwner = async (topic: Topic, without: readonly Defence[]): Promise<void> => {
    misbehave({ delay: heldFor(without, 8_000), forgetToken: () => true });
    const policy = { slotFreshMs: 1_000 };
    const owner = topic.deliver({ policy, without });
    const isStopped = Promise.withResolvers<void>();
    at("opened", () => {
      owner.child.kill("SIGSTOP");
      isStopped.resolve();
      return undefined;
    });
    await isStopped.promise;
    const isRecorded = hold("recorded");
    const other = topic.deliver({ policy });
    await isRecorded.reached;
    isRecorded.release();
    await sleep(1_200);
    owner.child.kill("SIGCONT");
    expect(await Promise.all([owner.answer, other.answer])).toEqual([acknowledged, acknowledged]);
  };

  test("that was paused with the slot open and wakes up sends nothing on what it read before", async () => {
    const topic = openTopic();
    await pausedOwner(topic, []);
    expect(inserted()).toBe(1);
    await topic.expectOnce({ untold: false });
    await expectDoubled(async () => {
      const other = await again();
      await pausedOwner(other, ["send-limit"]);
      return other;
    });
  });
});

const conflict = "ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table: raw_events";

describe("Athena", () => {
  const saysFailed = async (topic: Topic, without: readonly Defence[]): Promise<void> => {
    let lies = 1;
    misbehave({ reportFailedAlthoughCommitted: () => (lies-- > 0 ? conflict : undefined) });
    expect(await topic.deliver({ without }).answer).toEqual(acknowledged);
  };
  test("says FAILED although the commit happened: the repeat finds the rows there", async () => {
    const topic = openTopic();
    await saysFailed(topic, []);
    expect(inserted()).toBe(2);
    // Rows of an epoch that failed are counted by the next: as present.
    await topic.expectOnce({ untold: true });
    await expectDoubled(async () => {
      const other = await again();
      await saysFailed(other, ["not-exists"]);
      return other;
    });
  });

  const landsLate = async (topic: Topic, without: readonly Defence[]): Promise<void> => {
    misbehave({ delay: heldFor(without, 2_500) });
    const policy = { settleMs: 8_000 };
    expect(await topic.deliver({ policy, without, givesUp: true }).answer).toEqual(acknowledged);
  };
  test("says FAILED and the commit lands seconds later: nothing new is opened before it has", async () => {
    const topic = openTopic();
    await landsLate(topic, []);
    await topic.expectOnce({ untold: true });
    await expectDoubled(async () => {
      const other = await again();
      await landsLate(other, ["settle-wait"]);
      return other;
    });
  });

  const conflicts = (topic: Topic, without: readonly Defence[], deadlineInMs: number) => {
    let refusals = 1;
    misbehave({ failBeforeEngine: () => (refusals-- > 0 ? conflict : undefined) });
    return topic.deliver({ without, deadlineInMs }).answer;
  };
  test("loses a commit to a conflict: another epoch, another token, and the rows are there", async () => {
    const topic = openTopic();
    expect(await conflicts(topic, [], 60_000)).toEqual(acknowledged);
    expect(inserted()).toBe(2);
    await topic.expectOnce({ untold: false });
    const other = await again();
    // The old token would name the failed query for ever.
    expect((await conflicts(other, ["token-of-epoch"], 10_000))?.batchItemFailures).toHaveLength(1);
    expect(await other.tables()).toMatchObject({ events: 0 });
  });

  const losesAnswer = async (topic: Topic, without: readonly Defence[]): Promise<void> => {
    let lost = 1;
    misbehave({ delay: heldFor(without, 3_000), dropResponse: ({ sql }) => sql.startsWith("INSERT") && lost-- > 0 });
    expect(await topic.deliver({ without }).answer).toEqual(acknowledged);
  };
  test("loses the answer to a start: the same token gives the same query", async () => {
    const topic = openTopic();
    await losesAnswer(topic, []);
    expect(inserted()).toBe(1);
    await topic.expectOnce({ untold: false });
    await expectDoubled(async () => {
      const other = await again();
      await losesAnswer(other, ["token"]);
      return other;
    });
  });

  const forgets = async (topic: Topic, without: readonly Defence[]): Promise<void> => {
    misbehave({ delay: heldFor(without, 3_000), forgetToken: () => true });
    await killedAt(topic, "accepted");
    await sleep(1_000);
    const policy = { sendLimitMs: 1_000, abandonMs: 12_000 };
    expect(await topic.deliver({ policy, without }).answer).toEqual(acknowledged);
  };
  test("forgets the token: it is not sent again after the limit, and the epoch is given up", async () => {
    const topic = openTopic();
    await forgets(topic, []);
    await topic.expectOnce({ untold: true });
    await expectDoubled(async () => {
      const other = await again();
      await forgets(other, ["send-limit"]);
      return other;
    });
  });
});

describe("S3 and the catalog", () => {
  test("do what they are told and lose the answer, at every step: the next look finds it done", async () => {
    const topic = openTopic();
    for (const moment of ["staged", "marked", "opened", "recorded", "unmarked", "closed"] as const)
      at(moment, () => ({ kind: "lose" }));
    expect(await topic.deliver().answer).toEqual(acknowledged);
    expect(inserted()).toBe(1);
    // Whether a marker or the slot's end was ours cannot be known after a lost answer: it is not counted twice.
    await topic.expectOnce({ untold: true });
  });

  test("a stage object is cut short before it is read: its owner stages the records again, in halves", async () => {
    const topic = openTopic();
    at("marked", async () => {
      const [object] = (await room.store.list("stage/raw_events/")).toSorted(
        (one, other) => other.lastModifiedMs - one.lastModifiedMs,
      );
      const stored = await room.store.get(object?.key ?? "");
      if (object === undefined || stored === undefined) throw new Error("nothing is staged");
      await room.store.putIfMatch(object.key, stored.body.slice(0, stored.body.length / 2), stored.etag);
      return undefined;
    });
    expect(await topic.deliver().answer).toEqual(acknowledged);
    await topic.expectOnce({ untold: false });
  });

  test("the catalog restarts while a statement commits: committed once, then or later", async () => {
    const topic = openTopic();
    let restarted: Promise<void> | undefined;
    at("accepted", () => {
      restarted = room.engines.restart("catalog");
      return undefined;
    });
    expect(await topic.deliver().answer).toEqual(acknowledged);
    await restarted;
    await topic.expectOnce({ untold: false });
  });

  test("files are compacted while batches commit: rows stay as many", async () => {
    const topic = openTopic(60);
    const compacted = room.run(`OPTIMIZE ${databases.bronze}.raw_events REWRITE DATA USING BIN_PACK`);
    const parts = [0, 20, 40].map((from) => topic.deliver({ from, to: from + 20 }).answer);
    expect(await Promise.all(parts)).toEqual(parts.map(() => acknowledged));
    await compacted;
    await topic.expectOnce({ untold: false });
  });
});
