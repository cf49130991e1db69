import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { type Load, openShimRoom, type ShimRoom } from "./shim-room.ts";

// Three brokers, three replicas, two of which must have a record. A leader that dies may know more than its followers.
jest.setTimeout(300_000);

let room: ShimRoom;
let loads: Load[] = [];
beforeAll(async () => {
  room = await openShimRoom(3);
});
afterAll(() => room?.close());
afterEach(async () => {
  for (const load of loads) await load.close();
  loads = [];
});

async function openLoad(options: Parameters<ShimRoom["openLoad"]>[0]): Promise<Load> {
  const load = await room.openLoad(options);
  loads.push(load);
  return load;
}

/** The others hang while this one goes on leading; then it is killed and they must lead. */
async function moveLeadersFrom(leader: string): Promise<void> {
  const others = ["kafka-1", "kafka-2", "kafka-3"].filter((name) => name !== leader);
  for (const name of others) room.signal(name, "SIGSTOP");
  await sleep(2_000);
  room.signal(leader, "SIGKILL");
  for (const name of others) room.signal(name, "SIGCONT");
}

test("leaders move between three brokers under load: nothing acknowledged is lost", async () => {
  const load = await openLoad({ total: 12_000, answersLost: true });
  const shim = load.start();
  await load.underLoad(shim);
  await moveLeadersFrom("kafka-1");
  await sleep(12_000);
  await moveLeadersFrom("kafka-2");
  expect(await load.missing(shim)).toEqual([]);
  await load.finish(shim);
});

test("with the leader's word alone, what it had not handed on is lost when it dies", async () => {
  const load = await openLoad({ total: 3_000, without: "all-replicas" });
  const shim = load.start();
  await load.underLoad(shim);
  await moveLeadersFrom("kafka-3");
  expect((await load.missing(shim, 20_000)).length).toBeGreaterThan(0);
});
