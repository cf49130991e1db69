import type { Clock } from "../../local/aws/unit.ts";

export type ManualClock = Clock & {
  /** Moves time on, firing what is due in order and letting promises run in between. */
  advance(ms: number): Promise<void>;
};

/** A clock that moves only when told to. */
export function createManualClock(startMs = 1_000_000): ManualClock {
  let nowMs = startMs;
  let serial = 0;
  const timers = new Map<number, { readonly at: number; readonly action: () => void }>();
  const due = (until: number): [number, { readonly at: number; readonly action: () => void }] | undefined =>
    [...timers].filter(([, { at }]) => at <= until).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
  return {
    now: () => nowMs,
    after: (delayMs, action) => {
      serial += 1;
      const id = serial;
      timers.set(id, { at: nowMs + Math.max(0, delayMs), action });
      return () => void timers.delete(id);
    },
    advance: async (ms) => {
      const until = nowMs + ms;
      await settle();
      for (let next = due(until); next !== undefined; next = due(until)) {
        timers.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].at);
        next[1].action();
        await settle();
      }
      nowMs = until;
    },
  };
}

/** Lets everything that waits for promises only run to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
