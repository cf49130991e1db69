import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { eqiad } from "../lib/sse/sse-server.ts";
import { type Load, type LoadOptions, openShimRoom, printedSeed, type ShimRoom } from "./shim-room.ts";

// The shim as a process on a real Kafka. Each fault is also met without the defence against it, and then events are lost.
jest.setTimeout(300_000);

let room: ShimRoom;
let loads: Load[] = [];
beforeAll(async () => {
  room = await openShimRoom(1);
});
afterAll(() => room?.close());
afterEach(async () => {
  for (const load of loads) await load.close();
  loads = [];
});

async function openLoad(options: LoadOptions): Promise<Load> {
  const load = await room.openLoad(options);
  loads.push(load);
  return load;
}

/** Kills the shim so many times, at moments between just begun and well under way; the last one lives. */
async function killTimes(load: Load, kills: number, momentMs: () => number) {
  let shim = load.start();
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(momentMs());
    await load.kill(shim);
    // Once the store is lost as well: the topic alone must know where it was.
    if (kill === 4) load.aws.objects.clear();
    shim = load.start();
  }
  return shim;
}

test("killed -9 at ten random moments under load, once with its cursor store lost: every event is on the topic", async () => {
  const random = printedSeed();
  const load = await openLoad({ total: 10_000 });
  const shim = await killTimes(load, 10, () => 300 + random() * 3_200);
  expect(await load.missing(shim)).toEqual([]);
  await load.finish(shim);
  expect(load.feed.cuts()).toBeGreaterThan(2);
  // The store was lost on the way and has the cursor again.
  const stored = JSON.parse(load.aws.objects.get("/stage/shim/cursor.json") ?? "{}");
  expect(stored.marks[eqiad]).toBeGreaterThan(Date.now() - 600_000);
});

test("without the low-water mark of what is acknowledged, kills lose events", async () => {
  const load = await openLoad({ total: 3_000, without: "low-water-mark" });
  const shim = await killTimes(load, 2, () => 3_500);
  expect((await load.missing(shim, 8_000)).length).toBeGreaterThan(0);
});

test("two shims at once, as when one replaces the other: repeats on the topic, and nothing missing", async () => {
  const load = await openLoad({ total: 1_500 });
  const shims = [load.start(), load.start()] as const;
  for (const shim of shims) await load.underLoad(shim);
  expect(await load.missing(shims[0])).toEqual([]);
  await load.finish(...shims);
});

/** The broker stops in its tracks, is killed while requests wait in its sockets, and comes back. */
async function brokerKilled(load: Load) {
  const shim = load.start();
  await load.underLoad(shim);
  room.signal("kafka", "SIGSTOP");
  await sleep(1_500);
  room.signal("kafka", "SIGKILL");
  return shim;
}

test("the broker hangs and is killed -9 under load: the shim waits for its word and lives on", async () => {
  const load = await openLoad({ total: 4_000 });
  const shim = await brokerKilled(load);
  expect(await load.missing(shim)).toEqual([]);
  await load.finish(shim);
});

test("without waiting for the broker's word, a broker that is killed takes events with it", async () => {
  const load = await openLoad({ total: 3_000, without: "leader-writes" });
  const shim = await brokerKilled(load);
  expect((await load.missing(shim, 20_000)).length).toBeGreaterThan(0);
});
