import { describe, expect, test } from "@jest/globals";
import { commitPolicy } from "../../../lib/lake/commit-policy.ts";
import { newSlot, type OpenEpoch, openEpoch, type Slot } from "../../../lib/lake/commit-slot.ts";
import { permanentError, throttledError, transientError } from "../../../lib/lake/errors.ts";
import type { QueryEngine } from "../../../lib/lake/query-engine.ts";
import { createSlotStore, type ReadSlot } from "../../../lib/lake/slot-store.ts";
import { newSend, startEpoch } from "../../../lib/lake/start-epoch.ts";
import { createMemoryStore } from "./memory-store.ts";

const request = {
  sql: "INSERT",
  database: "d",
  workgroup: "w",
  output: null,
  table: "raw_events",
  markers: ["a"],
  rows: 1,
};

/** A slot in memory, a clock that stands, and an engine that does with each start what it is told. */
function prepare() {
  const state = { nowMs: 1_000_000, ids: 0 };
  const { store } = createMemoryStore(() => state.nowMs);
  const newUuid = () => `id-${++state.ids}`;
  const now = () => state.nowMs;
  const slots = createSlotStore({ store, key: "commit/slot.json", now, newUuid });
  const starts: (() => Promise<{ queryId: string }>)[] = [];
  const sent: string[] = [];
  const engine: QueryEngine = {
    start: ({ token }) => {
      sent.push(token);
      return starts.shift()?.() ?? Promise.resolve({ queryId: "q1" });
    },
    status: async () => undefined,
    result: async () => ({ updateCount: undefined, rows: [] }),
    stop: async () => undefined,
  };
  const clock = { now, sleep: async () => undefined };
  const invocation = () => ({ slots, engine, clock, newUuid, policy: commitPolicy, unsent: new Set<string>() });
  const read = async (): Promise<readonly [ReadSlot, OpenEpoch]> => {
    const seen = await slots.read();
    if (seen.slot.open === null) throw new Error("not open");
    return [seen, seen.slot.open];
  };
  const slot = async (): Promise<Slot> => (await slots.read()).slot;
  return { state, slots, starts, sent, invocation, read, slot };
}

type Room = ReturnType<typeof prepare>;

/** An invocation that has opened an epoch and not sent anything yet. */
async function opened(room: Room) {
  const opener = room.invocation();
  const seen = await room.slots.read();
  await room.slots.swap(seen, openEpoch(seen.slot, request, room.state.nowMs, newSend(opener)));
  return opener;
}

const refusal = permanentError("athena start", new Error("AccessDenied"));

describe("a request to start an epoch", () => {
  test("is sent by its opener at once, and its query is written down", async () => {
    const room = prepare();
    const opener = await opened(room);
    expect(await startEpoch(opener, ...(await room.read()))).toEqual({ kind: "done" });
    expect((await room.slot()).open).toMatchObject({ queryId: "q1" });
  });

  test("is left to its opener for three seconds; then whoever finds it writes down a request of its own first", async () => {
    const room = prepare();
    await opened(room);
    const helper = room.invocation();
    expect(await startEpoch(helper, ...(await room.read()))).toEqual({ kind: "hold" });
    expect(room.sent).toEqual([]);
    room.state.nowMs += 3_000;
    room.starts.push(async () => {
      expect((await room.slot()).open?.sends).toHaveLength(2);
      return { queryId: "q1" };
    });
    expect(await startEpoch(helper, ...(await room.read()))).toEqual({ kind: "done" });
    expect((await room.slot()).open).toMatchObject({ queryId: "q1" });
  });

  test.each([
    ["a missing permission", refusal],
    ["throttling", throttledError("athena start", new Error("slow"))],
  ])("frees the slot at once when it is the only one and is refused: %s", async (_, error) => {
    const room = prepare();
    const opener = await opened(room);
    room.starts.push(() => Promise.reject(error));
    expect(await startEpoch(opener, ...(await room.read()))).toEqual({ kind: "refused", error });
    expect(await room.slot()).toMatchObject({ open: null, last: { outcome: "refused" } });
  });

  test("frees nothing when its answer was lost, nor when another's was", async () => {
    const room = prepare();
    const opener = await opened(room); // id-1 is the slot, id-2 its request
    const lost = transientError("athena start", new Error("connection reset"));
    room.starts.push(
      () => Promise.reject(lost),
      () => Promise.reject(refusal),
    );
    await expect(startEpoch(opener, ...(await room.read()))).rejects.toBe(lost);
    room.state.nowMs += 3_000;
    await expect(startEpoch(opener, ...(await room.read()))).rejects.toBe(refusal);
    expect((await room.slot()).open).toMatchObject({ queryId: null, sends: ["id-2"] });
  });

  test("writes its query down although another request was written down meanwhile", async () => {
    const room = prepare();
    const opener = await opened(room);
    const before = await room.read();
    room.state.nowMs += 3_000;
    room.starts.push(() => Promise.reject(refusal));
    await expect(startEpoch(room.invocation(), ...(await room.read()))).rejects.toBe(refusal);
    room.starts.push(async () => {
      // Somebody else writes into the slot while the request is under way.
      const seen = await room.slots.read();
      await room.slots.swap(seen, { ...seen.slot, uuid: newSlot("other").uuid });
      return { queryId: "q7" };
    });
    expect(await startEpoch(opener, ...before)).toEqual({ kind: "done" });
    expect((await room.slot()).open).toMatchObject({ queryId: "q7" });
  });

  test("is not sent by an opener who was paused past the time for it", async () => {
    const room = prepare();
    const opener = await opened(room);
    const seen = await room.read();
    room.state.nowMs += commitPolicy.sendLimitMs;
    expect(await startEpoch(opener, ...seen)).toEqual({ kind: "done" });
    expect(room.sent).toEqual([]);
  });
});
