type Waiting = { readonly atMs: number; readonly order: number; readonly wake: () => void };

/** Virtual time: everything that waits, waits here; the next to wake is the earliest, and nothing else ever runs. */
export type Scheduler = {
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Runs until the promise settles. Throws when it cannot any more, or when `maxMs` of virtual time have passed. */
  run(work: Promise<unknown>, maxMs: number): Promise<void>;
};

export function createScheduler(startMs: number): Scheduler {
  let nowMs = startMs;
  let order = 0;
  const waiting: Waiting[] = [];
  const isBefore = (a: Waiting, b: Waiting): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  const push = (entry: Waiting): void => {
    let low = 0;
    let high = waiting.length; // sorted, latest first: the next one is popped from the end
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = waiting[middle];
      if (other !== undefined && isBefore(entry, other)) low = middle + 1;
      else high = middle;
    }
    waiting.splice(low, 0, entry);
  };
  return {
    now: () => Math.floor(nowMs), // whole milliseconds, as clocks tell
    sleep: (ms) =>
      new Promise((wake) => {
        order += 1;
        push({ atMs: nowMs + Math.max(0, ms), order, wake });
      }),
    run: async (work, maxMs) => {
      let outcome: { readonly error?: unknown } | undefined;
      work.then(
        () => {
          outcome = {};
        },
        (error: unknown) => {
          outcome = { error };
        },
      );
      for (;;) {
        await settled();
        if (outcome !== undefined) {
          if ("error" in outcome) throw outcome.error;
          return;
        }
        const next = waiting.pop();
        if (next === undefined) throw new Error("simulation: everything waits for nothing");
        nowMs = Math.max(nowMs, next.atMs);
        if (nowMs - startMs > maxMs) throw new Error(`simulation: not over after ${maxMs} ms`);
        next.wake();
      }
    },
  };
}

/** All promise callbacks that are ready have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
